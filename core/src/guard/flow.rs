//! From the token of a request to a verdict: its issuer, its key, its signature.

use super::{Entry, Guard, RefusalReason, Verdict, route::Access};
use crate::{
    flow::{Await, Context, Flow, Step},
    http::{FetchError, Inbound, RequestHead},
    issuer::{Availability, IssuerSnapshot, Need},
    jwt::{Inspected, KeySource, TokenError, Unattributed},
    key_set::KeyLookup,
    time::Now,
};
use alloc::sync::Arc;

impl Guard {
    pub(super) fn begin_with(
        &self,
        request: &RequestHead<'_>,
        form: Option<&[u8]>,
        context: &mut Context<'_>,
    ) -> Step<GuardFlow> {
        let (route, access) = match self.enter(request) {
            Entry::Decided(verdict) => return Step::Done(verdict),
            Entry::Guarded { route, access } => (route, access),
        };
        let refuse = |reason| Step::Done(self.refused(reason));
        let token = match self.0.places.token(request, form) {
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
            _ => self.wait(place, Need::Metadata, Waiting::Metadata(token)),
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
                self.wait(place, need, Waiting::Key(inspected))
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
        Step::Await(Await::new(issuer, need, GuardFlow { guard: self.clone(), place, waiting }))
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

/// A request to the API that waits for its issuer.
#[derive(Debug)]
pub struct GuardFlow {
    guard: Guard,
    place: Place,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    /// A token from an unknown issuer, for the discovery document.
    Metadata(Unattributed),
    /// A token that fits the policy, for its key.
    Key(Inspected),
}

impl Flow for GuardFlow {
    type Output = Verdict;

    fn on_answer(self, _: Result<Inbound, FetchError>, _: &mut Context<'_>) -> Step<Self> {
        // A guard sends no requests of its own.
        Step::Done(self.guard.refused(RefusalReason::Unavailable))
    }

    fn on_availability(self, availability: Availability, context: &mut Context<'_>) -> Step<Self> {
        let Self { guard, place, waiting } = self;
        let Some(snapshot) = guard.snapshot(place.issuer, context) else {
            return Step::Done(guard.unavailable(availability));
        };
        match waiting {
            Waiting::Metadata(token) => {
                if snapshot.metadata().is_none() {
                    return Step::Done(guard.unavailable(availability));
                }
                guard.attribute(place, token, &snapshot, context.now)
            }
            Waiting::Key(inspected) => {
                Step::Done(guard.verify(place, inspected, availability, &snapshot, context.now))
            }
        }
    }
}
