//! The paths of the gate itself.

use super::GateConfigError;
use crate::path::CanonicalPath;
use alloc::{borrow::ToOwned as _, format, string::String};

/// One of the gate's own routes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GateRoute {
    /// `access-token`: the access token of the session, where that is switched on.
    AccessToken,
    /// `backchannel-logout`: the provider's word that a session is over, where that is switched on.
    BackchannelLogout,
    /// `callback`: back from the provider.
    Callback,
    /// `login`: off to the provider.
    Login,
    /// `logout`: the session ends.
    Logout,
    /// `me`: who is signed in.
    Profile,
}

impl GateRoute {
    const ALL: [Self; 6] = [
        Self::AccessToken,
        Self::BackchannelLogout,
        Self::Callback,
        Self::Login,
        Self::Logout,
        Self::Profile,
    ];

    /// What the route is called below the prefix.
    const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "access-token",
            Self::BackchannelLogout => "backchannel-logout",
            Self::Callback => "callback",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Profile => "me",
        }
    }

    /// The methods that the route has, as the `Allow` field lists them.
    pub(super) const fn methods(self) -> &'static str {
        match self {
            Self::BackchannelLogout => "POST",
            Self::Logout => "GET, HEAD, POST",
            Self::AccessToken | Self::Callback | Self::Login | Self::Profile => "GET, HEAD",
        }
    }

    pub(super) fn has_method(self, method: &str) -> bool {
        self.methods().split(", ").any(|known| known == method)
    }
}

/// What the gate itself has at a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum OwnPath {
    Route(GateRoute),
    /// Below the prefix, but nothing there.
    Nothing,
}

/// The paths of the gate itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GateRoutes {
    prefix: String,
    /// In the order of [`GateRoute::ALL`].
    paths: [String; GateRoute::ALL.len()],
}

impl GateRoutes {
    /// Routes directly below `prefix`, such as `/api/auth`: `login`, `callback`, `logout`, `me`,
    /// `access-token` and `backchannel-logout`. What else is directly below it is the gate's as
    /// well, and not found.
    ///
    /// # Errors
    ///
    /// [`GateConfigError::Routes`] where `prefix` is no canonical path, or ends in a slash.
    pub fn below(prefix: &str) -> Result<Self, GateConfigError> {
        let prefix = checked_path(prefix)?;
        let paths = GateRoute::ALL.map(|route| format!("{prefix}/{}", route.name()));
        Ok(Self { prefix, paths })
    }

    /// Puts one route at another path.
    ///
    /// # Errors
    ///
    /// [`GateConfigError::Routes`] where `path` is no canonical path, ends in a slash, or is another
    /// route's.
    pub fn with_path(mut self, route: GateRoute, path: &str) -> Result<Self, GateConfigError> {
        let path = checked_path(path)?;
        let taken = GateRoute::ALL
            .into_iter()
            .any(|other| other != route && self.path(other).eq_ignore_ascii_case(&path));
        if taken {
            return Err(GateConfigError::Routes);
        }
        let slots = GateRoute::ALL.into_iter().zip(&mut self.paths);
        for (_, slot) in slots.filter(|(known, _)| *known == route) {
            slot.clone_from(&path);
        }
        Ok(self)
    }

    /// What they are below, where they have not been put elsewhere.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where a route is.
    #[must_use]
    pub fn path(&self, route: GateRoute) -> &str {
        let mut paths = GateRoute::ALL.into_iter().zip(&self.paths);
        paths.find(|(known, _)| *known == route).map_or("", |(_, path)| path)
    }

    /// What is at `path`; letters may be of either case, as in patterns, and one slash may follow.
    pub(super) fn find(&self, path: &str) -> Option<OwnPath> {
        let path = match path.strip_suffix('/') {
            None | Some("") => path,
            Some(shorter) => shorter,
        };
        let mut routes = GateRoute::ALL.into_iter().zip(&self.paths);
        if let Some((route, _)) = routes.find(|(_, known)| path.eq_ignore_ascii_case(known)) {
            return Some(OwnPath::Route(route));
        }
        let (start, rest) = path.split_at_checked(self.prefix.len())?;
        let name = rest.strip_prefix('/')?;
        let is_below = start.eq_ignore_ascii_case(&self.prefix);
        (is_below && !name.is_empty() && !name.contains('/')).then_some(OwnPath::Nothing)
    }
}

/// `path`, if there is one way alone to write it, and no slash at its end.
fn checked_path(path: &str) -> Result<String, GateConfigError> {
    match CanonicalPath::parse(path) {
        Ok(parsed) if parsed.as_str() == path && !path.ends_with('/') => Ok(path.to_owned()),
        _ => Err(GateConfigError::Routes),
    }
}

impl Default for GateRoutes {
    fn default() -> Self {
        let prefix = "/api/auth";
        let paths = GateRoute::ALL.map(|route| format!("{prefix}/{}", route.name()));
        Self { prefix: prefix.to_owned(), paths }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_in_either_case_and_with_a_slash() {
        let routes = GateRoutes::default();
        for (path, found) in [
            ("/api/auth/login", Some(OwnPath::Route(GateRoute::Login))),
            ("/API/Auth/Me/", Some(OwnPath::Route(GateRoute::Profile))),
            ("/api/auth/access-token", Some(OwnPath::Route(GateRoute::AccessToken))),
            ("/api/auth/__proto__", Some(OwnPath::Nothing)),
            ("/api/auth/login/", Some(OwnPath::Route(GateRoute::Login))),
            ("/api/auth/login/more", None),
            ("/api/auth", None),
            ("/api/auth/", None),
            ("/api/authx/login", None),
            ("/", None),
        ] {
            assert_eq!(routes.find(path), found, "{path}");
        }
    }

    /// The paths of version 4 of the Auth0 SDK.
    #[test]
    fn routes_can_be_elsewhere() {
        let routes = GateRoutes::below("/auth")
            .and_then(|routes| routes.with_path(GateRoute::Profile, "/auth/profile"))
            .and_then(|routes| routes.with_path(GateRoute::Login, "/sign-in"))
            .unwrap();
        assert_eq!(routes.path(GateRoute::Callback), "/auth/callback");
        for (path, found) in [
            ("/auth/callback", Some(OwnPath::Route(GateRoute::Callback))),
            ("/auth/profile", Some(OwnPath::Route(GateRoute::Profile))),
            ("/Sign-In", Some(OwnPath::Route(GateRoute::Login))),
            ("/auth/me", Some(OwnPath::Nothing)),
            ("/auth/login", Some(OwnPath::Nothing)),
            ("/api/auth/login", None),
        ] {
            assert_eq!(routes.find(path), found, "{path}");
        }
    }

    #[test]
    fn refuses_paths_that_are_not_plain() {
        for path in ["", "/", "auth", "/auth/", "/a//b", "/%61uth", "/a/../b", "/caf\u{e9}", "/a?b"]
        {
            assert_eq!(GateRoutes::below(path), Err(GateConfigError::Routes), "{path}");
            let moved = GateRoutes::default().with_path(GateRoute::Login, path);
            assert_eq!(moved, Err(GateConfigError::Routes), "{path}");
        }
        let taken = GateRoutes::default().with_path(GateRoute::Login, "/API/auth/me");
        assert_eq!(taken, Err(GateConfigError::Routes));
        let same = GateRoutes::default().with_path(GateRoute::Login, "/api/auth/login");
        assert_eq!(same, Ok(GateRoutes::default()));
    }
}
