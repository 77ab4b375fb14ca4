//! TLS on the way to a database: whom to trust, and who we are, in the modes that libpq has.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Why certificates and keys are of no use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or is no PEM.
    #[error("{option}: {path} cannot be used: {source}")]
    File {
        /// The option that names it.
        option: &'static str,
        /// Where.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// A file without a certificate.
    #[error("{option}: there is no certificate in {path}; it has to be in PEM form")]
    Empty {
        /// The option that names it.
        option: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// A certificate that is none of an authority.
    #[error("sslrootcert: a certificate in {path} cannot be used: {source}")]
    Authority {
        /// Where.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The system knows no authorities.
    #[error(
        "this system has no list of certificate authorities; name the file of the one that signed the database's certificate with sslrootcert"
    )]
    NoAuthorities,
    /// What does not fit together.
    #[error("the certificates or keys cannot be used: {0}")]
    Rustls(#[from] rustls::Error),
    /// The verifier.
    #[error("the certificates of sslrootcert cannot be used: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// Where the certificates of authorities are.
pub(super) enum Roots {
    /// Where the operating system has them.
    System,
    /// In a file, as PEM.
    File(PathBuf),
}

/// Who may be at the other end.
pub(super) enum Trust {
    /// Whoever answers: what is said cannot be listened to, but may be said to somebody else.
    Anybody,
    /// Whoever has a certificate of an authority (`verify-ca`).
    Signed(Roots),
    /// Whoever has one for the very name that was asked for (`verify-full`).
    Named(Roots),
}

/// Our own certificate, and its key.
pub(super) struct Identity {
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
}

/// What connects by TLS.
pub(super) fn connector(trust: Trust, identity: Option<Identity>) -> Result<MakeRustlsConnect, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(trust, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { cert, key }) => {
            let chain = certificates("sslcert", cert)?;
            let key = PrivateKeyDer::from_pem_file(&key).map_err(|source| TlsError::File {
                option: "sslkey",
                path: key,
                source,
            })?;
            builder.with_client_auth_cert(chain, key)?
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// All certificates of a file.
fn certificates(option: &'static str, path: PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
    match all {
        Ok(all) if all.is_empty() => Err(TlsError::Empty { option, path }),
        Ok(all) => Ok(all),
        Err(source) => Err(TlsError::File { option, path, source }),
    }
}

/// Decides on the certificate of a database.
#[derive(Debug)]
struct Verifier {
    /// Nothing where whoever answers is believed.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that are trusted as they are: who makes one for a database alone has no authority.
    trusted: Vec<CertificateDer<'static>>,
    has_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(trust: Trust, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let (roots, has_name) = match trust {
            Trust::Anybody => (None, false),
            Trust::Signed(roots) => (Some(roots), false),
            Trust::Named(roots) => (Some(roots), true),
        };
        let (mut chain, mut trusted) = (None, Vec::new());
        if let Some(roots) = roots {
            let mut store = RootCertStore::empty();
            match roots {
                Roots::System => {
                    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                    if store.is_empty() {
                        return Err(TlsError::NoAuthorities);
                    }
                }
                Roots::File(path) => {
                    trusted = certificates("sslrootcert", path.clone())?;
                    for certificate in &trusted {
                        let failed = |source| TlsError::Authority { path: path.clone(), source };
                        store.add(certificate.clone()).map_err(failed)?;
                    }
                }
            }
            let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
            chain = Some(builder.build()?);
        }
        Ok(Self { chain, trusted, has_name, provider: Arc::clone(provider) })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        let found = if self.trusted.iter().any(|trusted| trusted == end_entity) {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            verify_server_name(&certificate, server_name).map(|()| ServerCertVerified::assertion())
        } else {
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        match found {
            // The name is looked at last: all the rest is in order.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.has_name => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
