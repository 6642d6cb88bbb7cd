//! TLS towards providers and upstreams: which roots are trusted, which protocol is spoken.

use core::{error::Error, fmt};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use std::sync::Arc;

/// The client configuration: Mozilla's bundled roots and, where given, those of `extra_roots`, a
/// text with one or more PEM certificates. TLS 1.2 and 1.3 are spoken, and HTTP/1.1 over them.
///
/// The crypto provider is aws-lc-rs, whatever the process has installed as its default.
///
/// # Errors
///
/// [`TlsError`] where `extra_roots` holds no certificate, or one that is not usable as a root. An
/// empty text is an error: it is a file that somebody wanted to be trusted.
pub fn client_config(extra_roots: Option<&[u8]>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_roots {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| TlsError::Pem)?;
            roots.add(certificate).map_err(|error| TlsError::Root(error.into()))?;
        }
        if roots.len() == before {
            return Err(TlsError::NoCertificate);
        }
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Versions(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Why there is no TLS configuration.
#[derive(Debug)]
#[non_exhaustive]
pub enum TlsError {
    /// The text of extra roots holds no certificate.
    NoCertificate,
    /// The text of extra roots is not PEM.
    Pem,
    /// A certificate cannot be a root.
    Root(Box<dyn Error + Send + Sync>),
    /// The crypto provider supports no version of TLS that is still safe.
    Versions(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate => f.write_str("the extra roots hold no certificate"),
            Self::Pem => f.write_str("the extra roots are not PEM"),
            Self::Root(error) => write!(f, "an extra root is not usable: {error}"),
            Self::Versions(error) => write!(f, "no usable version of TLS: {error}"),
        }
    }
}

impl Error for TlsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusts_the_bundled_roots() {
        let config = client_config(None).unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);
    }

    #[test]
    fn refuses_extra_roots_that_hold_none() {
        assert!(matches!(client_config(Some(b"")), Err(TlsError::NoCertificate)));
        assert!(matches!(client_config(Some(b"# nothing\n")), Err(TlsError::NoCertificate)));
        let broken = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        assert!(matches!(client_config(Some(broken)), Err(TlsError::Pem)));
        let empty = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(client_config(Some(empty)), Err(TlsError::Root(_))));
    }
}
