//! The core's own HTTP vocabulary: small values that an adapter converts at its border.
//!
//! Heads only. A body never enters the core, but for the bounded answers of a provider and its
//! bounded logout tokens.

mod cookies;
mod headers;
mod message;
mod query;
mod url;

pub use cookies::{Cookies, SameSite, SetCookie};
pub use headers::{FieldText, FieldTextError, HeaderView, Headers, One};
pub use message::{
    BodyError, BodyLimits, FetchError, FetchLimits, Inbound, Method, Outbound, RequestHead,
    Response,
};
pub use query::{Query, QueryWriter, Repeated};
pub use url::{Origin, Scheme, Url, UrlError};

pub(crate) use cookies::{OwnedCookies, name_in_set_cookie};
