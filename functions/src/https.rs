//! The connection to AWS: trusted by AWS's own roots, compiled in.
//!
//! Reading the system's certificates, often one file each, would take longer than the rest of the start.

use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use data_encoding::BASE64;
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Who signs AWS's endpoints: Amazon Trust Services, Starfield before it, and `DigiCert` in China.
const SIGNERS: [&[u8]; 3] = [b"Amazon Root CA", b"Starfield Services Root", b"DigiCert Global Root"];

/// A client that knows those roots alone.
///
/// # Errors
/// When the TLS library refuses them.
pub(crate) fn client() -> Result<SharedHttpClient, lambda_runtime::Error> {
    let trusted = roots().fold(TrustStore::empty(), TrustStore::with_pem_certificate);
    let tls = TlsContext::builder().with_trust_store(trusted).build()?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https())
}

/// The signers' certificates as PEM.
fn roots() -> impl Iterator<Item = String> {
    let of_a_signer =
        |der: &&[u8]| SIGNERS.iter().any(|name| der.windows(name.len()).any(|part| part == *name));
    let pem = |der: &[u8]| {
        let text = BASE64.encode(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    };
    TLS_SERVER_ROOT_CERTS.iter().map(AsRef::as_ref).filter(of_a_signer).map(pem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_amazons_roots_are_trusted_and_the_client_takes_them() {
        let known = |name: &[u8]| {
            TLS_SERVER_ROOT_CERTS
                .iter()
                .filter(|der| der.windows(name.len()).any(|part| part == name))
                .count()
        };
        assert_eq!(known(b"Amazon Root CA"), 4);
        assert_eq!(known(b"Starfield Services Root"), 1);
        assert_eq!(roots().count(), SIGNERS.iter().map(|name| known(name)).sum::<usize>());
        assert!(client().is_ok());
    }
}
