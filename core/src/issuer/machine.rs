//! The machine behind an issuer's snapshot.

use super::{
    Availability, IssuerConfig, MetadataError, Need, ProviderMetadata,
    metadata::without_slash,
    refresh::{Fetching, Refresh},
};
use crate::{
    crypto::{CryptoProvider, SignatureAlgorithm},
    entropy::Entropy,
    http::{FetchError, FetchLimits, FieldText, Headers, Inbound, Method, Outbound},
    jwt::KeyId,
    key_set::{KeyLookup, KeySet, KeySetError},
    time::{Monotonic, Now},
};
use alloc::{string::String, sync::Arc};
use core::fmt;

/// What is known of an issuer at a moment. It never changes; a newer one takes its place.
#[derive(Clone, Debug, Default)]
pub struct IssuerSnapshot {
    configured_name: Arc<str>,
    metadata: Option<Arc<ProviderMetadata>>,
    keys: Option<Arc<KeySet>>,
    generation: u64,
    fresh_until: Option<Monotonic>,
    stale_at: Option<Monotonic>,
    refresh_at: Option<Monotonic>,
}

impl IssuerSnapshot {
    /// The issuer as it is configured, without a final slash. It is known before anything was fetched.
    #[must_use]
    pub const fn configured_name(&self) -> &Arc<str> {
        &self.configured_name
    }

    /// The discovery document.
    #[must_use]
    pub const fn metadata(&self) -> Option<&Arc<ProviderMetadata>> {
        self.metadata.as_ref()
    }

    /// The key for a token; `None` where no key set may be used at `now`.
    #[must_use]
    pub fn key(
        &self,
        algorithm: SignatureAlgorithm,
        id: Option<&KeyId>,
        now: Monotonic,
    ) -> Option<KeyLookup<'_>> {
        self.keys.as_ref().filter(|_| self.is_usable(now)).map(|keys| keys.find(algorithm, id))
    }

    /// The key set, however old.
    #[must_use]
    pub const fn keys(&self) -> Option<&Arc<KeySet>> {
        self.keys.as_ref()
    }

    /// Whether there is a key set that may be used at `now`.
    #[must_use]
    pub fn is_usable(&self, now: Monotonic) -> bool {
        self.stale_at.is_some_and(|stale_at| now < stale_at)
    }

    /// Whether the key set is used beyond its freshness, because the provider does not answer.
    #[must_use]
    pub fn is_stale(&self, now: Monotonic) -> bool {
        self.is_usable(now) && self.fresh_until.is_some_and(|until| until <= now)
    }

    /// Counts the key sets of this issuer, each that differs from the one before. What was
    /// remembered under another generation is void.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether a reader should nudge the machine, without waiting for it: call
    /// [`IssuerMachine::poll_flight`].
    #[must_use]
    pub fn refresh_due(&self, now: Monotonic) -> bool {
        self.refresh_at.is_some_and(|at| at <= now)
    }
}

#[cfg(test)]
impl IssuerSnapshot {
    /// The same of an issuer that is configured under another name.
    pub(crate) fn under_name(&self, name: &str) -> Arc<Self> {
        Arc::new(Self { configured_name: name.into(), ..self.clone() })
    }
}

/// The documents of an issuer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Document {
    /// The discovery document.
    Discovery,
    /// The key set.
    KeySet,
}

/// Which flight. Each has its own number, so a late answer is told from an awaited one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct FlightId(u64);

/// A document to fetch. Exactly one answer is to be given to [`IssuerMachine::on_answer`]; one that
/// never comes is made up for when the deadline has passed.
#[derive(Debug)]
#[must_use = "a flight is to be sent"]
pub struct Flight {
    /// Which flight.
    pub id: FlightId,
    /// Which document.
    pub document: Document,
    /// What to send.
    pub request: Outbound,
}

/// How a demand stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Demand {
    /// As it will be for now.
    Settled(Availability),
    /// A flight is under way or due. Ask again when a new snapshot is out, and no later than this.
    Pending {
        /// The flight's deadline.
        until: Monotonic,
    },
}

/// What an answer changed. For logs and counters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IssuerEvent {
    /// A flight brought nothing good; what was known before stays.
    Failed {
        /// Which document.
        document: Document,
        /// Why.
        reason: FlightFailure,
        /// A key set is used meanwhile although it is older than it should be.
        stale: bool,
    },
    /// A new document is in the snapshot.
    Installed {
        /// Which document.
        document: Document,
        /// The keys of a key set that were left out.
        keys_skipped: usize,
        /// Those of them that are private keys: the provider has a leak, which is worth an alarm.
        private_keys: usize,
    },
    /// The answer came after its flight was given up.
    Late,
    /// The provider says that nothing has changed.
    Unchanged {
        /// Which document.
        document: Document,
    },
}

/// Why a flight brought nothing good.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum FlightFailure {
    /// There was no answer.
    Fetch(FetchError),
    /// The discovery document names another issuer than before.
    IssuerChanged,
    /// The discovery document names a key set on another host than the issuer's.
    KeySetHost,
    /// The key set is not usable.
    KeySet(KeySetError),
    /// The discovery document is not usable.
    Metadata(MetadataError),
    /// The status is not 200.
    Status(u16),
}

impl fmt::Display for FlightFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(error) => error.fmt(f),
            Self::IssuerChanged => f.write_str("the issuer has changed its name"),
            Self::KeySetHost => f.write_str("the key set is on another host than the issuer"),
            Self::KeySet(error) => error.fmt(f),
            Self::Metadata(error) => error.fmt(f),
            Self::Status(status) => write!(f, "the answer has the status {status}"),
        }
    }
}

/// Decides when which document of an issuer is fetched, and what is used meanwhile.
///
/// The owner keeps it behind a lock, calls [`demand`](Self::demand) for requests that wait and
/// [`poll_flight`](Self::poll_flight) until it gives `None`, sends the flights, and gives every
/// answer to [`on_answer`](Self::on_answer). After each of the last two calls it publishes
/// [`snapshot`](Self::snapshot) and wakes those that wait.
#[derive(Debug)]
pub struct IssuerMachine {
    config: IssuerConfig,
    configured_name: Arc<str>,
    crypto: CryptoProvider,
    discovery: Refresh,
    key_set: Refresh,
    metadata: Option<Arc<ProviderMetadata>>,
    keys: Option<Arc<KeySet>>,
    entity_tag: Option<String>,
    /// The hash of the text that `keys` was read from.
    keys_hash: Option<[u8; 32]>,
    generation: u64,
    flights: u64,
}

impl IssuerMachine {
    /// A machine that knows nothing yet.
    #[must_use]
    pub fn new(config: IssuerConfig, crypto: CryptoProvider) -> Self {
        Self {
            configured_name: without_slash(config.issuer().as_str()).into(),
            config,
            crypto,
            discovery: Refresh::default(),
            key_set: Refresh::default(),
            metadata: None,
            keys: None,
            entity_tag: None,
            keys_hash: None,
            generation: 0,
            flights: 0,
        }
    }

    /// What is known at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<IssuerSnapshot> {
        let settings = &self.config.refresh;
        let refresh_at = match (self.discovery.wake_at(settings), self.key_set.wake_at(settings)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Arc::new(IssuerSnapshot {
            configured_name: self.configured_name.clone(),
            metadata: self.metadata.clone(),
            keys: self.keys.clone(),
            generation: self.generation,
            fresh_until: self.key_set.fresh_until(),
            stale_at: self.key_set.stale_at(),
            refresh_at,
        })
    }

    /// A request waits for `need`, which the newest snapshot does not have.
    #[must_use]
    pub fn demand(&mut self, need: &Need, now: Now) -> Demand {
        let now = now.monotonic;
        if self.metadata.is_none() {
            return settle(self.discovery.demand(now, &self.config.refresh));
        }
        let Need::Key { algorithm, id } = need else {
            return Demand::Settled(Availability::Ready);
        };
        match self.snapshot().key(*algorithm, id.as_ref(), now) {
            Some(KeyLookup::Found(_) | KeyLookup::Ambiguous) => {
                Demand::Settled(Availability::Ready)
            }
            Some(KeyLookup::Unknown) => {
                match self.key_set.demand_for_unknown_key(now, &self.config.refresh) {
                    Some(Fetching::Pending(until)) => Demand::Pending { until },
                    // The set that is there is good: the key is simply not in it.
                    Some(Fetching::BackedOff(_)) | None => Demand::Settled(Availability::Missing),
                }
            }
            None => settle(self.key_set.demand(now, &self.config.refresh)),
        }
    }

    /// The next document to fetch, if one is due. Call it until it gives `None`.
    pub fn poll_flight(&mut self, now: Now) -> Option<Flight> {
        let id = self.flights.saturating_add(1);
        let (now, settings) = (now.monotonic, &self.config.refresh);
        let (document, url) = if self.discovery.start(id, now, settings) {
            (Document::Discovery, self.config.discovery.clone())
        } else {
            let url = self.metadata.as_ref()?.jwks_uri().clone();
            if !self.key_set.start(id, now, settings) {
                return None;
            }
            (Document::KeySet, url)
        };
        self.flights = id;
        let mut headers = Headers::new();
        headers.append("accept", FieldText::constant("application/json"));
        if let (Document::KeySet, Some(tag)) = (document, &self.entity_tag) {
            headers.append("if-none-match", FieldText::lossy(tag.clone()));
        }
        let limits = FetchLimits { deadline: settings.timeout, max_body: settings.max_body };
        let request = Outbound { method: Method::Get, url, headers, body: String::new(), limits };
        Some(Flight { id: FlightId(id), document, request })
    }

    /// A flight has ended.
    ///
    /// [`FetchError::Cancelled`] says that it was given up on this side: those that wait for it go on
    /// waiting, and [`poll_flight`](Self::poll_flight) gives the next flight without any pause.
    pub fn on_answer(
        &mut self,
        flight: FlightId,
        answer: Result<Inbound, FetchError>,
        now: Now,
        entropy: &mut dyn Entropy,
    ) -> IssuerEvent {
        let (document, result) = if self.discovery.land(flight.0) {
            (
                Document::Discovery,
                answer.map_err(FlightFailure::Fetch).and_then(|a| self.install_metadata(a)),
            )
        } else if self.key_set.land(flight.0) {
            (
                Document::KeySet,
                answer.map_err(FlightFailure::Fetch).and_then(|a| self.install_keys(a)),
            )
        } else {
            return IssuerEvent::Late;
        };
        let (refresh, settings, now) = match document {
            Document::Discovery => (&mut self.discovery, &self.config.refresh, now.monotonic),
            Document::KeySet => (&mut self.key_set, &self.config.refresh, now.monotonic),
        };
        match result {
            Ok((answer, installed)) => {
                refresh.succeeded(now, &answer, settings);
                match installed {
                    Some(Installed { keys_skipped, private_keys }) => {
                        IssuerEvent::Installed { document, keys_skipped, private_keys }
                    }
                    None => IssuerEvent::Unchanged { document },
                }
            }
            Err(reason) => {
                if reason == FlightFailure::Fetch(FetchError::Cancelled) {
                    refresh.cancelled();
                } else {
                    refresh.failed(now, entropy, settings);
                }
                let stale = document == Document::KeySet
                    && self.keys.is_some()
                    && self.key_set.fresh_until().is_some_and(|until| until <= now);
                IssuerEvent::Failed { document, reason, stale }
            }
        }
    }

    fn install_metadata(
        &mut self,
        answer: Inbound,
    ) -> Result<(Inbound, Option<Installed>), FlightFailure> {
        if answer.status != 200 {
            return Err(FlightFailure::Status(answer.status));
        }
        let IssuerConfig { configured, refresh, pins_key_set_host, .. } = &self.config;
        let metadata = ProviderMetadata::parse(&answer.body, configured, refresh.max_body)
            .map_err(FlightFailure::Metadata)?;
        let key_set = metadata.jwks_uri();
        if *pins_key_set_host && key_set.authority() != configured.authority() {
            return Err(FlightFailure::KeySetHost);
        }
        if let Some(known) = &self.metadata {
            if known.issuer() != metadata.issuer() {
                return Err(FlightFailure::IssuerChanged);
            }
            if known.jwks_uri() != key_set {
                // The tag is another document's.
                self.entity_tag = None;
            }
        }
        self.metadata = Some(Arc::new(metadata));
        Ok((answer, Some(Installed::default())))
    }

    fn install_keys(
        &mut self,
        answer: Inbound,
    ) -> Result<(Inbound, Option<Installed>), FlightFailure> {
        match answer.status {
            304 if self.keys.is_some() && self.entity_tag.is_some() => return Ok((answer, None)),
            200 => {}
            status => return Err(FlightFailure::Status(status)),
        }
        if answer.body.len() > self.config.refresh.max_body {
            return Err(FlightFailure::Fetch(FetchError::TooLarge));
        }
        let hash = self.crypto.hash.sha256(&answer.body);
        let entity_tag = answer.header("etag").map(Into::into);
        if self.keys_hash == Some(hash) {
            self.entity_tag = entity_tag;
            return Ok((answer, None));
        }
        let keys = KeySet::parse(&answer.body, &self.config.algorithms, &self.crypto)
            .map_err(FlightFailure::KeySet)?;
        let installed =
            Installed { keys_skipped: keys.skipped().len(), private_keys: keys.private_keys() };
        self.entity_tag = entity_tag;
        self.keys_hash = Some(hash);
        self.keys = Some(Arc::new(keys));
        self.generation = self.generation.saturating_add(1);
        Ok((answer, Some(installed)))
    }
}

/// What there is to say of a new document.
#[derive(Default)]
struct Installed {
    keys_skipped: usize,
    private_keys: usize,
}

fn settle(fetching: Fetching) -> Demand {
    match fetching {
        Fetching::Pending(until) => Demand::Pending { until },
        Fetching::BackedOff(retry_after) => {
            Demand::Settled(Availability::Unavailable { retry_after })
        }
    }
}
