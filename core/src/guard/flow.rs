//! From the token of a request to a verdict: its issuer, its key, its signature.

use super::{Entry, Guard, RefusalReason, Verdict, credentials::HeldCredentials, route::Access};
use crate::{
    flow::{Await, Context, Flow, Read, Step},
    http::{BodyError, BodyLimits, FetchError, Inbound, RequestHead},
    issuer::{Availability, IssuerSnapshot, Need},
    jwt::{Inspected, KeySource, TokenError, Unattributed},
    key_set::KeyLookup,
    time::Now,
};
use alloc::{borrow::Cow, boxed::Box, sync::Arc, vec::Vec};
use core::time::Duration;

/// A form is read for its token within these limits.
const FORM_LIMITS: BodyLimits =
    BodyLimits { max_bytes: Guard::MAX_FORM, deadline: Duration::from_secs(30) };

impl Guard {
    /// Begins a request. Its body is asked for where it is a form that may carry the token, which
    /// is never unless [`token_in_form`](super::GuardBuilder::token_in_form) is on.
    pub fn begin(&self, request: &RequestHead<'_>, context: &mut Context<'_>) -> Step<GuardFlow> {
        let (route, access) = match self.enter(request) {
            Entry::Decided(verdict) => return Step::Done(verdict),
            Entry::Guarded { route, access } => (route, access),
        };
        let head = match self.0.places.in_head(request) {
            Ok(head) => head,
            Err(reason) => return Step::Done(self.refused(reason)),
        };
        if self.0.places.takes_form(request) {
            let waiting = Waiting::Form(Box::new(head.to_held()), route, access);
            let flow = GuardFlow { guard: self.clone(), waiting };
            return Step::Read(Read::new(FORM_LIMITS, flow));
        }
        self.look_at(self.0.places.token(head), route, access, context)
    }

    fn look_at(
        &self,
        token: Result<Cow<'_, str>, RefusalReason>,
        route: Option<usize>,
        access: Access,
        context: &Context<'_>,
    ) -> Step<GuardFlow> {
        let refuse = |reason| Step::Done(self.refused(reason));
        let token = match token {
            Ok(token) => token,
            Err(RefusalReason::NoCredentials) if access == Access::Optional => {
                return Step::Done(Verdict::Anonymous);
            }
            Err(reason) => return refuse(reason),
        };
        let (issuer, token) = match self.0.issuers.read(&token, context.now.unix) {
            Ok(token) => token,
            Err(error) => return refuse(RefusalReason::Token(error)),
        };
        let place = Place { issuer, route };
        match self.snapshot(issuer, context) {
            Some(snapshot) if snapshot.metadata().is_some() => {
                self.attribute(place, token, &snapshot, context.now)
            }
            // Nothing is known of the issuer yet, not even its exact name.
            _ => self.wait(place, Need::Metadata, Waiting::Metadata(place, token)),
        }
    }

    fn attribute(
        &self,
        place: Place,
        token: Unattributed,
        snapshot: &IssuerSnapshot,
        now: Now,
    ) -> Step<GuardFlow> {
        let Some(metadata) = snapshot.metadata() else {
            return Step::Done(self.refused(RefusalReason::Unavailable));
        };
        let inspected = match token.from_issuer(metadata.issuer()) {
            Ok(inspected) => inspected,
            Err(error) => {
                return Step::Done(self.refused(RefusalReason::Token(error)));
            }
        };
        let (algorithm, id) = (inspected.algorithm(), inspected.key_id());
        match snapshot.key(algorithm, id, now.monotonic) {
            Some(KeyLookup::Found(_) | KeyLookup::Ambiguous) => {
                Step::Done(self.verify(place, inspected, Availability::Ready, snapshot, now))
            }
            Some(KeyLookup::Unknown) | None => {
                let need = Need::Key { algorithm, id: id.cloned() };
                self.wait(place, need, Waiting::Key(place, inspected))
            }
        }
    }

    fn verify(
        &self,
        place: Place,
        inspected: Inspected,
        availability: Availability,
        snapshot: &IssuerSnapshot,
        now: Now,
    ) -> Verdict {
        match snapshot.key(inspected.algorithm(), inspected.key_id(), now.monotonic) {
            Some(KeyLookup::Found(key)) => {
                let issuer = self.0.issuers.index(place.issuer);
                let source = KeySource { issuer, generation: snapshot.generation() };
                match inspected.verify_with(key, Some(source)) {
                    Ok(token) => self.settle(token, place.route),
                    Err(error) => self.refused(RefusalReason::Token(error)),
                }
            }
            Some(KeyLookup::Ambiguous | KeyLookup::Unknown) => {
                self.refused(RefusalReason::Token(TokenError::UnknownKey))
            }
            None => self.unavailable(availability),
        }
    }

    fn wait(&self, place: Place, need: Need, waiting: Waiting) -> Step<GuardFlow> {
        let issuer = self.0.issuers.index(place.issuer);
        Step::Await(Await::new(issuer, need, GuardFlow { guard: self.clone(), waiting }))
    }

    fn snapshot(&self, issuer: usize, context: &Context<'_>) -> Option<Arc<IssuerSnapshot>> {
        context.issuers.snapshot(self.0.issuers.index(issuer))
    }

    fn unavailable(&self, availability: Availability) -> Verdict {
        let reason = RefusalReason::Unavailable;
        Verdict::Refused(self.0.answers.refuse(reason, "", Some(availability)))
    }
}

/// Where a request stands among what was configured.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Which of the guard's issuers.
    issuer: usize,
    /// Which of the guard's routes, if any.
    route: Option<usize>,
}

/// A request to the API that waits for its issuer, or for its form.
#[derive(Debug)]
pub struct GuardFlow {
    guard: Guard,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// The credentials of a head, the route and what it asks for, for the form.
    Form(Box<HeldCredentials>, Option<usize>, Access),
    /// A token from an unknown issuer, for the discovery document.
    Metadata(Place, Unattributed),
    /// A token that fits the policy, for its key.
    Key(Place, Inspected),
}

impl Flow for GuardFlow {
    type Output = Verdict;

    fn on_answer(self, _: Result<Inbound, FetchError>, _: &mut Context<'_>) -> Step<Self> {
        // A guard sends no requests of its own.
        Step::Done(self.guard.refused(RefusalReason::Unavailable))
    }

    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self> {
        let Self { guard, waiting } = self;
        let now = context.now;
        let snapshot = |place: Place| guard.snapshot(place.issuer, context);
        match waiting {
            Waiting::Metadata(place, token) => match snapshot(place) {
                Some(snapshot) if snapshot.metadata().is_some() => {
                    guard.attribute(place, token, &snapshot, now)
                }
                _ => Step::Done(guard.unavailable(availability)),
            },
            Waiting::Key(place, inspected) => Step::Done(match snapshot(place) {
                Some(snapshot) => guard.verify(place, inspected, availability, &snapshot, now),
                None => guard.unavailable(availability),
            }),
            // A form comes by another way.
            Waiting::Form(..) => Step::Done(guard.unavailable(availability)),
        }
    }

    fn on_body(self, body: Result<Vec<u8>, BodyError>, context: &mut Context<'_>) -> Step<Self> {
        let Self { guard, waiting } = self;
        let Waiting::Form(head, route, access) = waiting else {
            // No other wait is for a body.
            return Step::Done(guard.refused(RefusalReason::Unavailable));
        };
        match body {
            Ok(form) => {
                let token = guard.0.places.token_with_form(&head, &form);
                guard.look_at(token, route, access, context)
            }
            Err(error) => Step::Done(guard.refused(RefusalReason::Form(error))),
        }
    }
}
