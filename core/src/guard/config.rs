//! How a guard is set up.

use super::{
    Guard, GuardInner, GuardRoute, ProtectedResource, Requirement,
    credentials::TokenPlaces,
    refusal::{Answers, DEFAULT_REALM},
    route::Access,
};
use crate::jwt::TrustedIssuers;
use alloc::{borrow::ToOwned as _, string::String, sync::Arc, vec::Vec};
use core::fmt;

/// Sets up a [`Guard`].
#[derive(Clone, Debug)]
pub struct GuardBuilder {
    issuers: TrustedIssuers,
    realm: String,
    places: TokenPlaces,
    access: Access,
    requirements: Vec<Requirement>,
    routes: Vec<GuardRoute>,
    resource: Option<ProtectedResource>,
    asks_revocation: bool,
}

impl GuardBuilder {
    pub(super) fn new(issuers: TrustedIssuers) -> Self {
        Self {
            issuers,
            realm: DEFAULT_REALM.to_owned(),
            places: TokenPlaces::default(),
            access: Access::Required,
            requirements: Vec::new(),
            routes: Vec::new(),
            resource: None,
            asks_revocation: false,
        }
    }

    /// What challenges call the API (RFC 9110 §11.5). `api` by default.
    #[must_use]
    pub fn realm(self, realm: &str) -> Self {
        Self { realm: realm.to_owned(), ..self }
    }

    /// Whether a request must carry a token where no route says otherwise. It must by default.
    /// Without that, only a request without any credentials is let through without a token: one with
    /// a bad token, or with credentials of another scheme, is refused all the same.
    #[must_use]
    pub fn credentials_required(self, required: bool) -> Self {
        Self { access: if required { Access::Required } else { Access::Optional }, ..self }
    }

    /// Takes a token from the parameter `access_token` of the query too (RFC 6750 §2.3). Not by
    /// default: URLs end up in logs and histories (RFC 9700 §4.3.2).
    #[must_use]
    pub fn token_in_query(mut self, taken: bool) -> Self {
        self.places.query = taken;
        self
    }

    /// Takes a token from the parameter `access_token` of a form too (RFC 6750 §2.2). Not by
    /// default: such a form is read whole, up to [`Guard::MAX_FORM`], before the application has it.
    #[must_use]
    pub fn token_in_form(mut self, taken: bool) -> Self {
        self.places.form = taken;
        self
    }

    /// Every token must meet this, whatever its route asks for beside it.
    #[must_use]
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.requirements.push(requirement);
        self
    }

    /// Paths at which something else is asked for. Of several routes, the first that covers a
    /// request counts.
    ///
    /// With a route, a path that servers could read in two ways is refused.
    #[must_use]
    pub fn route(mut self, route: GuardRoute) -> Self {
        self.routes.push(route);
        self
    }

    /// Serves the metadata of the API, and names them in challenges. There are none by default.
    #[must_use]
    pub fn protected_resource(self, resource: ProtectedResource) -> Self {
        Self { resource: Some(resource), ..self }
    }

    /// Asks whether each token that is good was revoked meanwhile, with
    /// [`Verdict::AskRevocation`](super::Verdict::AskRevocation). Not by default.
    #[must_use]
    pub fn ask_revocation(self, asks: bool) -> Self {
        Self { asks_revocation: asks, ..self }
    }

    /// Puts the guard together.
    ///
    /// # Errors
    ///
    /// [`GuardConfigError`] says which part does not fit.
    pub fn build(self) -> Result<Guard, GuardConfigError> {
        if let Some(method) = self.routes.iter().find_map(GuardRoute::odd_method) {
            return Err(GuardConfigError::Method(method.to_owned()));
        }
        let metadata_url =
            self.resource.as_ref().map(|resource| resource.metadata_url().to_owned());
        let answers = Answers::new(&self.realm, metadata_url).ok_or(GuardConfigError::Realm)?;
        Ok(self.finish(answers))
    }

    pub(super) fn finish(self, answers: Answers) -> Guard {
        let places = self.places;
        Guard(Arc::new(GuardInner {
            issuers: self.issuers,
            answers,
            places,
            access: self.access,
            requirements: self.requirements,
            routes: self.routes,
            document: self.resource.map(|resource| resource.document(places)),
            asks_revocation: self.asks_revocation,
        }))
    }
}

/// Why a guard cannot be put together.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GuardConfigError {
    /// A route for a method that is not in capital letters; no request has such a method.
    Method(String),
    /// The realm has a quote, a backslash, or anything that is not ASCII.
    Realm,
}

impl fmt::Display for GuardConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(method) => write!(f, "the method `{method}` must be in capital letters"),
            Self::Realm => f.write_str("the realm must be ASCII text without `\"` and `\\`"),
        }
    }
}

impl core::error::Error for GuardConfigError {}
