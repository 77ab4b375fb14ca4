//! PKCE (RFC 7636), S256 alone: a challenge in the authorization request, its verifier at the exchange.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{Outcome, Refusal};

/// 43 to 128 characters that need no escape in an address (RFC 7636, 4.1).
fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// The challenge of an authorization request, if there is one.
///
/// # Errors
///
/// [`Refusal::InvalidRequest`] for another method than S256 and for a challenge that cannot be one.
pub fn challenge(challenge: Option<&str>, method: Option<&str>) -> Outcome<Option<String>> {
    let Some(challenge) = challenge else {
        return match method {
            None => Ok(None),
            Some(_) => Err(Refusal::request("code_challenge_method was given without code_challenge.")),
        };
    };
    // A challenge without a method is `plain` by RFC 7636 (4.3), which protects nothing.
    if method != Some("S256") {
        return Err(Refusal::request("code_challenge_method has to be S256."));
    }
    if challenge.len() != 43 || !is_well_formed(challenge) {
        return Err(Refusal::request("code_challenge has to be the SHA-256 of the verifier, in base64url."));
    }
    Ok(Some(challenge.to_owned()))
}

/// The challenge that a verifier answers, if one was sent.
///
/// # Errors
///
/// [`Refusal::InvalidGrant`] for what cannot be a verifier.
pub fn answered(verifier: Option<&str>) -> Outcome<Option<String>> {
    match verifier {
        None => Ok(None),
        Some(verifier) if is_well_formed(verifier) => {
            Ok(Some(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))))
        }
        Some(_) => Err(Refusal::grant("code_verifier has to be 43 to 128 unreserved characters.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_fits() {
        let challenge = answered(Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).unwrap();

        assert_eq!(challenge.as_deref(), Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    }

    #[test]
    fn plain_short_and_odd_challenges_are_refused() {
        let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(challenge(Some(good), Some("S256")).is_ok());
        for (text, method) in [
            (good, None),
            (good, Some("plain")),
            ("short", Some("S256")),
            (&good.replace('-', "+"), Some("S256")),
        ] {
            assert_eq!(
                challenge(Some(text), method).unwrap_err().code(),
                "invalid_request",
                "{text} {method:?}"
            );
        }
    }
}
