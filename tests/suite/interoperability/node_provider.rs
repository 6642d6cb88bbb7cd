//! A provider from npm, and what a browser does there.

use crate::harness::{Client, Demo, Process, Provider, Reply, TemporaryDirectory, settings, skip};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// A provider that runs in Node. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct NodeProvider {
    issuer: String,
    _process: Process,
}

/// Where a way through a provider stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// At a page of the provider's.
    Page(Reply),
    /// Back at the application: path and query.
    Application(String),
}

impl NodeProvider {
    /// Starts the provider of `tests/interop/<package>` for the demonstration as the tests configure
    /// it, or skips `test` for want of Node or its packages.
    pub(super) fn start(package: &str, test: &str) -> Option<Self> {
        Self::start_for(package, test, &json!({}))
    }

    /// The same for a client that is registered with this metadata besides (RFC 7591 §2).
    pub(super) fn start_for(package: &str, test: &str, metadata: &Value) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(package);
        let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
        if !node.is_ok_and(|status| status.success()) {
            skip(test, "there is no `node`");
            return None;
        }
        if !folder.join("node_modules").join(package).is_dir() {
            let missing =
                format!("run `npm install --no-save --prefix tests/interop/{package}` first");
            skip(test, &missing);
            return None;
        }
        let mut command = Command::new("node");
        command
            .arg(folder.join("provider.mjs"))
            .envs(settings(""))
            .env("CLIENT_METADATA", metadata.to_string());
        let mut process = Process::start(&mut command, TemporaryDirectory::new());
        let issuer = loop {
            if let Some(issuer) = process.line().strip_prefix("provider ") {
                break issuer.to_owned();
            }
        };
        Some(Self { issuer, _process: process })
    }

    /// The settings of the demonstration that name this provider.
    pub(super) fn settings(&self) -> [(&'static str, &str); 6] {
        settings(&self.issuer)
    }

    /// The URL of `path` at the provider.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Tells the provider where the demonstration really is.
    pub(super) fn learns_where(&self, demo: &Demo) {
        let told =
            Client::new().open(&self.url(&format!("/tests/application?at={}", demo.frontend)));
        assert_eq!(told.status, 200, "{told:?}");
    }

    /// How often the provider did what.
    pub(super) fn counts(&self) -> Value {
        Client::new().call(&self.url("/tests/counts")).json()
    }

    /// Opens `url` of the gate, which leads to the provider, and follows until somebody has to do
    /// something.
    pub(super) fn visit(&self, client: &mut Client, url: &str) -> Stop {
        let away = client.open(url);
        assert_eq!(away.status, 302, "{away:?}");
        assert!(away.location().starts_with(&self.issuer), "{away:?}");
        self.follow(client, away)
    }

    /// Opens a URL of the provider, and follows.
    pub(super) fn open(&self, client: &mut Client, url: &str) -> Stop {
        let reply = client.open(url);
        self.follow(client, reply)
    }

    /// Sends the form of `page` with `fields` filled in, and follows.
    pub(super) fn submit(
        &self,
        client: &mut Client,
        page: &Reply,
        fields: &[(&str, &str)],
    ) -> Stop {
        let mut form = page.form();
        form.extend(fields.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let reply = client.submit(&page.form_action(), &self.issuer, &form);
        self.follow(client, reply)
    }

    fn follow(&self, client: &mut Client, mut reply: Reply) -> Stop {
        for _ in 0..10 {
            if !matches!(reply.status, 302 | 303) {
                assert_eq!(reply.status, 200, "{reply:?}");
                return Stop::Page(reply);
            }
            if let Some(path) = reply.location().strip_prefix(Provider::BASE_URL) {
                return Stop::Application(path.to_owned());
            }
            let url = match reply.location() {
                path if path.starts_with('/') => self.url(path),
                url => url.to_owned(),
            };
            assert!(url.starts_with(&self.issuer), "{reply:?}");
            reply = client.open(&url);
        }
        panic!("led in a circle: {reply:?}")
    }
}
