//! Signing out at the provider, and coming back.

use super::{Stage, assert_accepted};
use crate::harness::{Client, Provider, query_of};

/// Signs in, signs out, and comes back with `more` at the end of the address.
fn signs_out(stage: &Stage, more: &str) {
    let mut client = Client::new();
    let back = stage.provider.sign_in(&mut client, &stage.demo, |_| ());
    assert_accepted(&client, &back);
    let out = client.open(&format!("{}/api/auth/logout", stage.demo.frontend));
    assert_eq!(out.status, 302, "{out:?}");
    assert!(out.location().starts_with(&format!("{}/logout?", stage.provider.url())), "{out:?}");
    let parameter = |name| query_of(out.location(), name);
    assert_eq!(parameter("client_id").as_deref(), Some(Provider::CLIENT_ID));
    assert_eq!(parameter("post_logout_redirect_uri").as_deref(), Some(Provider::BASE_URL));
    assert_eq!(parameter("state"), None, "so there is none to compare");
    assert_eq!(client.session_cookie(), None);
    assert_eq!(client.open(&format!("{}/{more}", stage.demo.frontend)).status, 200);
    assert!(!client.is_signed_in(&stage.demo));
}

pub(super) fn and_back_again(stage: &Stage) {
    signs_out(stage, "");
}

/// The gate sends no state, so one that comes back says nothing.
pub(super) fn back_with_another_state(stage: &Stage) {
    signs_out(stage, "?state=another");
}
