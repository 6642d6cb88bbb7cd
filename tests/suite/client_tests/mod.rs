//! The client tests of the OpenID Foundation's conformance suite, played by a provider that is
//! scripted: every module of its profiles for relying parties has a line in [`table::MODULES`],
//! which says what plays it or why nothing does.
//!
//! `cargo test -p portcullis-tests client_tests -- --nocapture` prints the table.

mod backchannel;
mod login;
mod logout;
mod provider_metadata;
mod table;

use crate::harness::{Client, Demo, Provider, Reply, Runtime};
use table::{MODULES, Play};

/// The width of the table's first column.
const WIDTH: usize = 62;

/// What a module has to play with.
struct Stage {
    runtime: Runtime,
    provider: Provider,
    demo: Demo,
}

impl Stage {
    /// A provider and a gate that have nothing to do with those of other modules.
    fn new(runtime: Runtime) -> Self {
        let provider = Provider::start();
        let mut discovery = provider.discovery();
        discovery["end_session_endpoint"] = format!("{}/logout", provider.url()).into();
        provider.answers(Provider::DISCOVERY, crate::harness::Answer::json(&discovery));
        let demo = Demo::with_provider(runtime, &provider);
        Self { runtime, provider, demo }
    }
}

/// Asserts that the sign-in ended in a session.
fn assert_accepted(client: &Client, back: &Reply) {
    assert_eq!((back.status, back.location()), (303, "/private"), "{back:?}");
    assert!(client.session_cookie().is_some());
}

/// Asserts that the sign-in ended in a page with this status and code, and in no session.
fn assert_rejected(client: &Client, page: &Reply, status: u16, code: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.body.contains(&format!("<code>{code}</code>")), "{page:?}");
    assert_eq!(client.session_cookie(), None);
}

pub(crate) fn every_module_that_can_be_played_is_passed(runtime: Runtime) {
    let shared = Stage::new(runtime);
    let mut covered = 0;
    for module in MODULES {
        match module.play {
            Play::Shared(name, play) => {
                println!("{:<WIDTH$} {name}", module.name);
                play(&shared);
                covered += 1;
            }
            Play::Alone(name, play) => {
                println!("{:<WIDTH$} {name}", module.name);
                play(&Stage::new(runtime));
                covered += 1;
            }
            Play::Elsewhere(test) => {
                println!("{:<WIDTH$} {test}", module.name);
                covered += 1;
            }
            Play::Nothing(reason) => println!("{:<WIDTH$} -- {reason}", module.name),
        }
    }
    println!("{covered} of {} modules are covered", MODULES.len());
}

/// 57 of the OpenID profiles, and those of FAPI 2.0 that ask for nothing but OpenID Connect.
#[test]
fn the_table_names_every_module_once() {
    let of_openid = MODULES.iter().filter(|module| module.name.starts_with("oidcc-")).count();
    assert_eq!(of_openid, 57);
    for (at, module) in MODULES.iter().enumerate() {
        assert!(!MODULES[..at].iter().any(|other| other.name == module.name), "{}", module.name);
    }
}
