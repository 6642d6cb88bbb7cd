//! What requests share: one flight for all, whatever becomes of those that wait for it.

use super::{
    Harness, client,
    provider::Provider,
    wire::{PATIENCE, eventually},
};
use core::{future::Future, net::SocketAddr, time::Duration};
use hyper::rt::Timer;
use portcullis_core::{
    crypto::SignatureAlgorithm,
    issuer::{
        Availability, IssuerIndex, IssuerMachine, IssuerSnapshot, Issuers as _, Need,
        RefreshSettings,
    },
};
use portcullis_hyper::{
    client::{Client, Fetcher, PoolLimits},
    issuers::SharedIssuers,
    runtime::Runtime,
    tls,
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

const FIRST: IssuerIndex = IssuerIndex(0);

const KEY: Need = Need::Key { algorithm: SignatureAlgorithm::Rs256, id: None };

pub(crate) fn share<H: Harness>(machine: IssuerMachine) -> SharedIssuers<H::Runtime> {
    SharedIssuers::new([machine], Fetcher::new(client::<H>()))
}

fn snapshot<R>(issuers: &SharedIssuers<R>) -> Arc<IssuerSnapshot> {
    issuers.snapshot(FIRST).unwrap()
}

/// Waits for this long at most.
async fn wait<R: Runtime>(
    issuers: &SharedIssuers<R>,
    timer: impl Timer,
    need: &Need,
    limit: Duration,
) -> Option<Availability> {
    futures_lite::future::or(async { Some(issuers.wait(FIRST, need).await) }, async {
        timer.sleep(limit).await;
        None
    })
    .await
}

/// Waits as often as it takes for the metadata, then for a key.
fn wait_until_ready<H: Harness, R: Runtime>(issuers: &SharedIssuers<R>) {
    for need in [Need::Metadata, KEY] {
        let ready = || {
            let timer = H::runtime().timer();
            H::block_on(async { wait(issuers, timer, &need, PATIENCE).await })
                .expect("somebody tells those that wait")
                == Availability::Ready
        };
        while !ready() {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

pub(crate) fn fifty_waiters_share_one_flight<H: Harness>() {
    let provider = Provider::new();
    provider.set_open(false);
    let issuers = share::<H>(provider.machine());
    let (settled, results) = mpsc::channel();
    H::block_on(async {
        for _ in 0..50 {
            let (issuers, settled) = (issuers.clone(), settled.clone());
            H::runtime().spawn(async move {
                for need in [Need::Metadata, KEY] {
                    settled.send(issuers.wait(FIRST, &need).await).unwrap();
                }
            });
        }
    });
    eventually("the flight has started", || provider.requests().0 > 0);
    thread::sleep(Duration::from_millis(50));
    provider.set_open(true);
    for _ in 0..100 {
        assert_eq!(results.recv_timeout(PATIENCE), Ok(Availability::Ready));
    }
    assert_eq!(provider.requests(), (1, 1));
}

pub(crate) fn waiters_that_give_up_do_not_lose_the_flight<H: Harness>() {
    let provider = Provider::new();
    provider.set_open(false);
    let issuers = share::<H>(provider.machine());
    for _ in 0..3 {
        let timer = H::runtime().timer();
        let wait =
            async { wait(&issuers, timer, &Need::Metadata, Duration::from_millis(20)).await };
        assert_eq!(H::block_on(wait), None);
    }
    provider.set_open(true);
    eventually("the document is in use", || snapshot(&issuers).metadata().is_some());
    assert_eq!(provider.requests().0, 1);
}

/// A runtime that drops the first tasks that it is given.
#[derive(Clone)]
struct Dropping<R> {
    runtime: R,
    left: Arc<AtomicUsize>,
}

impl<R: Runtime> Runtime for Dropping<R> {
    type Tcp = R::Tcp;
    type Tls = R::Tls;
    type Listener = R::Listener;
    type Timer = R::Timer;

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let drops = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, drops).is_err() {
            self.runtime.spawn(task);
        }
    }

    fn timer(&self) -> R::Timer {
        self.runtime.timer()
    }

    async fn connect(&self, host: &str, port: u16) -> io::Result<R::Tcp> {
        self.runtime.connect(host, port).await
    }

    async fn secure(
        &self,
        stream: R::Tcp,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> io::Result<R::Tls> {
        self.runtime.secure(stream, name, config).await
    }

    async fn bind(&self, address: SocketAddr) -> io::Result<R::Listener> {
        self.runtime.bind(address).await
    }

    fn local_address(&self, listener: &R::Listener) -> io::Result<SocketAddr> {
        self.runtime.local_address(listener)
    }

    async fn accept(&self, listener: &R::Listener) -> io::Result<(R::Tcp, SocketAddr)> {
        self.runtime.accept(listener).await
    }
}

pub(crate) fn a_cancelled_flight_is_made_up_for<H: Harness>() {
    let provider = Provider::new();
    let left = Arc::new(AtomicUsize::new(2));
    let runtime = Dropping { runtime: H::runtime(), left: left.clone() };
    let client = Client::new(runtime, tls::client_config(None).unwrap(), PoolLimits::default());
    let issuers = SharedIssuers::new([provider.machine()], Fetcher::new(client));
    wait_until_ready::<H, _>(&issuers);
    assert_eq!(left.load(Ordering::SeqCst), 0);
    assert_eq!(provider.requests(), (1, 1));
}

pub(crate) fn an_outage_is_told_and_passes<H: Harness>() {
    let provider = Provider::new();
    let issuers = share::<H>(provider.machine());
    provider.set_status(500);
    let availability = H::block_on(issuers.wait(FIRST, &Need::Metadata));
    assert!(matches!(availability, Availability::Unavailable { .. }), "{availability:?}");
    provider.set_status(200);
    wait_until_ready::<H, _>(&issuers);
}

pub(crate) fn a_due_refresh_starts_without_a_wait<H: Harness>() {
    let provider = Provider::new();
    let fresh = Duration::from_millis(1);
    let settings = RefreshSettings { fresh, min_fresh: fresh, ..RefreshSettings::default() };
    let issuers = share::<H>(provider.machine_with(settings));
    wait_until_ready::<H, _>(&issuers);
    provider.set_open(false);
    let (_, before) = provider.requests();
    // The snapshot stays in use while the provider takes its time.
    eventually("the key set is asked for again", || {
        H::block_on(async { issuers.nudge() });
        assert!(snapshot(&issuers).metadata().is_some());
        provider.requests().1 > before
    });
}

pub(crate) fn an_issuer_that_is_not_there_is_missing<H: Harness>() {
    let provider = Provider::new();
    let issuers = share::<H>(provider.machine());
    assert!(issuers.snapshot(IssuerIndex(1)).is_none());
    let availability = H::block_on(issuers.wait(IssuerIndex(1), &Need::Metadata));
    assert_eq!(availability, Availability::Missing);
    assert_eq!(provider.requests(), (0, 0));
}
