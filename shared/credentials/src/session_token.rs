//! Session tokens: JSON Web Tokens signed with ES256, one audience for clients and one for workers.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use domain::id::SessionId;
use domain::journal::Audience;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::BadKey;

const ISSUER: &str = "clientconnect";
const TYPE: &str = "session+jwt";
/// Seconds by which two machines' clocks may differ.
const LEEWAY: i64 = 5;

/// What a session token says. Everything else about a session is read from its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    iss: String,
    aud: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    /// The account (`acc_…`) or worker (`wrk_…`) that signed in.
    pub sub: String,
    /// The session's record.
    pub sid: SessionId,
}

impl Claims {
    /// Claims of a session that `holder` opened at `now` and that ends for good at `ends`.
    #[must_use]
    pub fn new(
        audience: Audience,
        holder: String,
        session: SessionId,
        now: DateTime<Utc>,
        ends: DateTime<Utc>,
    ) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: audience.code().to_owned(),
            exp: ends.timestamp(),
            nbf: now.timestamp(),
            iat: now.timestamp(),
            sub: holder,
            sid: session,
        }
    }
}

/// A token that opens nothing. One answer for all causes: who forges learns nothing.
#[derive(Debug, thiserror::Error)]
#[error("the session token is refused")]
pub struct TokenRefused;

/// A fresh key pair: the private half for the secret store, the public half for the settings table.
pub struct KeyPair {
    /// Names the pair in tokens' headers.
    pub kid: String,
    /// `kid:base64(PKCS#8)`, as [`SigningKey::parse`] reads it.
    pub private: String,
    /// base64 of the uncompressed point.
    pub public: String,
}

impl KeyPair {
    /// Makes a pair on P-256.
    ///
    /// # Errors
    /// [`BadKey`] when the operating system gives no entropy.
    pub fn generate(kid: String) -> Result<Self, BadKey> {
        let refuse = |_| BadKey("new session key");
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(refuse)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref())
            .map_err(|_| BadKey("new session key"))?;
        Ok(Self {
            private: format!("{kid}:{}", BASE64.encode(pkcs8.as_ref())),
            public: BASE64.encode(pair.public_key().as_ref()),
            kid,
        })
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.kid)
    }
}

/// The private key that sign-in and extension may read, and nothing else.
pub struct SigningKey {
    kid: String,
    key: EncodingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.kid)
    }
}

impl SigningKey {
    /// Reads `kid:base64(PKCS#8)`.
    ///
    /// # Errors
    /// [`BadKey`] when the secret has another form.
    pub fn parse(secret: &str) -> Result<Self, BadKey> {
        let refuse = || BadKey("session signing key");
        let (kid, pkcs8) = secret.trim().split_once(':').ok_or_else(refuse)?;
        let pkcs8 = BASE64.decode(pkcs8.as_bytes()).map_err(|_| refuse())?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).map_err(|_| refuse())?;
        Ok(Self { kid: kid.to_owned(), key: EncodingKey::from_ec_der(&pkcs8) })
    }

    /// Signs claims into a compact token.
    ///
    /// # Errors
    /// [`BadKey`] when signing fails.
    pub fn sign(&self, claims: &Claims) -> Result<String, BadKey> {
        let header = Header {
            typ: Some(TYPE.to_owned()),
            kid: Some(self.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, claims, &self.key).map_err(|_| BadKey("session signing key"))
    }
}

/// The public keys of one audience, by `kid`: the current pair and those still running out.
#[derive(Clone, Default)]
pub struct VerifyingKeys(BTreeMap<String, DecodingKey>);

impl fmt::Debug for VerifyingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl VerifyingKeys {
    /// Reads base64 points by `kid`.
    ///
    /// # Errors
    /// [`BadKey`] when one is not base64.
    pub fn parse<'a>(keys: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadKey> {
        keys.into_iter()
            .map(|(kid, point)| {
                let point = BASE64.decode(point.as_bytes()).map_err(|_| BadKey("session public key"))?;
                Ok((kid.to_owned(), DecodingKey::from_ec_der(&point)))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Checks signature, algorithm, type, issuer, audience and both ends of its time.
    ///
    /// # Errors
    /// [`TokenRefused`], whatever is wrong.
    pub fn verify(
        &self,
        token: &str,
        audience: Audience,
        now: DateTime<Utc>,
    ) -> Result<Claims, TokenRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused)?;
        if header.typ.as_deref() != Some(TYPE) {
            return Err(TokenRefused);
        }
        let key = header.kid.and_then(|kid| self.0.get(&kid)).ok_or(TokenRefused)?;
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[audience.code()]);
        validation.set_issuer(&[ISSUER]);
        validation.required_spec_claims =
            HashSet::from(["exp", "nbf", "aud", "iss", "sub"].map(str::to_owned));
        // The library reads the wall clock; ours is an argument, so both ends are checked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims =
            jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(|_| TokenRefused)?.claims;
        let now = now.timestamp();
        if now >= claims.exp + LEEWAY || now < claims.nbf - LEEWAY {
            return Err(TokenRefused);
        }
        Ok(claims)
    }
}

/// The session a token *claims*, unverified: only good to know which record to read beside the keys.
#[must_use]
pub fn claimed(token: &str) -> Option<(String, SessionId)> {
    if token.len() > 1024 {
        return None;
    }
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    Some((claims.sub, claims.sid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Duration, TimeZone};
    use data_encoding::BASE64URL_NOPAD;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 1, 9, 0, 0).unwrap()
    }

    fn keys() -> (SigningKey, VerifyingKeys) {
        let pair = KeyPair::generate("k1".to_owned()).unwrap();
        (
            SigningKey::parse(&pair.private).unwrap(),
            VerifyingKeys::parse([("k1", pair.public.as_str())]).unwrap(),
        )
    }

    fn claims() -> Claims {
        let session: SessionId = SessionId::new(uuid::Uuid::from_u128(7));
        Claims::new(Audience::Portal, "acc_x".to_owned(), session, now(), now() + Duration::hours(12))
    }

    #[test]
    fn a_signed_token_opens_its_own_audience_only() {
        let (signing, verifying) = keys();
        let token = signing.sign(&claims()).unwrap();
        assert_eq!(verifying.verify(&token, Audience::Portal, now()).unwrap(), claims());
        assert!(verifying.verify(&token, Audience::Admin, now()).is_err());
    }

    #[test]
    fn a_token_is_dead_before_and_after_its_time() {
        let (signing, verifying) = keys();
        let token = signing.sign(&claims()).unwrap();
        assert!(
            verifying
                .verify(&token, Audience::Portal, now() + Duration::hours(12) + Duration::seconds(5))
                .is_err()
        );
        assert!(verifying.verify(&token, Audience::Portal, now() - Duration::seconds(6)).is_err());
    }

    #[test]
    fn forged_tokens_of_every_kind_are_refused() {
        let (signing, verifying) = keys();
        let good = signing.sign(&claims()).unwrap();
        let parts: Vec<&str> = good.split('.').collect();
        let header = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
        let (stranger, _) = keys();
        let mut other_issuer = claims();
        other_issuer.iss = "somebody".to_owned();
        let forged = [
            stranger.sign(&claims()).unwrap(),
            signing.sign(&other_issuer).unwrap(),
            format!("{}.{}.", header(r#"{"alg":"none","typ":"session+jwt","kid":"k1"}"#), parts[1]),
            format!(
                "{}.{}.{}",
                header(r#"{"alg":"HS256","typ":"session+jwt","kid":"k1"}"#),
                parts[1],
                parts[2]
            ),
            format!("{}.{}.{}", header(r#"{"alg":"ES256","typ":"JWT","kid":"k1"}"#), parts[1], parts[2]),
            format!("{}.{}.{}", header(r#"{"alg":"ES256","typ":"session+jwt"}"#), parts[1], parts[2]),
            format!("{}.{}.{}", parts[0], parts[1], BASE64URL_NOPAD.encode(&[0; 64])),
            format!("{}.{}", parts[0], parts[1]),
            String::new(),
        ];
        for token in forged {
            assert!(verifying.verify(&token, Audience::Portal, now()).is_err(), "{token}");
        }
    }
}
