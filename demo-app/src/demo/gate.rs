//! The gate of the demonstration, as it is configured.

use super::StartError;
use crate::{
    pages,
    settings::{ClientSettings, Settings},
};
use portcullis_core::{
    gate::{Gate, RefreshLimits},
    http::Origin,
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites, Served},
    secret::Secret,
    session::{Auth0Cookies, SecretRing},
};
use portcullis_hyper::crypto::AWS_LC;

/// The gate of the demonstration: two rules, one matcher.
pub(super) fn gate(
    settings: &Settings,
    client: &ClientSettings,
    api: &Origin,
) -> Result<Gate, StartError> {
    let chosen = settings.gate.clone();
    let secrets = || client.secrets.iter().map(Secret::expose);
    let ring = SecretRing::new(secrets(), AWS_LC).map_err(StartError::Secret)?;
    // The rules of the tutorial, for wherever the gate's own routes are.
    let below = chosen.routes.prefix();
    let rewrites = Rewrites::builder()
        .after_files([
            RewriteRule::new(format!("{below}/:path"), format!("{below}/:path*")),
            RewriteRule::new("/api/:path*", format!("{}/api/:path*", api.as_str())),
        ])
        .build()
        .map_err(StartError::Rewrites)?;
    let protected =
        Matcher::new(["/private/:path*", "/api/:path*"]).map_err(StartError::Matcher)?;
    let programs = Pattern::new("/api/:path*", Case::default()).map_err(StartError::Pattern)?;
    let mut builder = Gate::builder(client_config(settings, client)?, ring, AWS_LC)
        .routes(chosen.routes)
        .cookie_name(&chosen.cookie_name)
        .session_policy(chosen.session_policy)
        .keep_claims(chosen.kept_claims)
        .keep_id_token(chosen.keeps_id_token)
        .refresh_margin(chosen.refresh_margin)
        .clock_tolerance(chosen.clock_tolerance)
        .cross_site(chosen.cross_site)
        .signed_out_profile(chosen.signed_out_profile)
        .id_token_algorithms([chosen.id_token_algorithm])
        .login(chosen.login)
        .logout(chosen.logout)
        .rewrites(rewrites)
        .protect(protected)
        .api([programs])
        .serves(|path| if pages::serves(path) { Served::File } else { Served::Nothing });
    if chosen.hands_out_access_tokens {
        builder = builder.hand_out_access_tokens();
    }
    if chosen.backchannel_logout {
        builder = builder.backchannel_logout();
    }
    if let Some(auth0) = chosen.auth0_cookies {
        let (v3, v4) = auth0.names;
        let mut cookies = Auth0Cookies::new(secrets(), AWS_LC)
            .and_then(|cookies| cookies.with_names(&v3, &v4))
            .map_err(StartError::Auth0Cookies)?;
        if let Some(domain) = auth0.domain {
            cookies = cookies.with_domain(&domain).map_err(StartError::Auth0Cookies)?;
        }
        builder = builder.auth0_cookies(cookies);
    }
    builder.build().map_err(StartError::Gate)
}

/// A refresh has the time that its fetches have.
pub(super) fn refresh_limits(settings: &Settings) -> RefreshLimits {
    let limits = RefreshLimits::default();
    match settings.http_timeout {
        Some(timeout) => limits.with_timeout(timeout),
        None => limits,
    }
}

fn client_config(settings: &Settings, client: &ClientSettings) -> Result<ClientConfig, StartError> {
    let credentials = client.credentials.of_client();
    let config = ClientConfig::new(&client.client_id, credentials, client.base_url.as_str())
        .and_then(|config| config.with_scope(&settings.scope))
        .map_err(StartError::Client)?
        .with_audience(client.audience.as_str());
    let config = if settings.keeps_refresh_tokens { config.with_refresh_tokens() } else { config };
    Ok(match settings.http_timeout {
        Some(timeout) => config.with_timeout(timeout),
        None => config,
    })
}
