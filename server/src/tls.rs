//! TLS on both sides of the server: the certificate it shows to desktops, read whole before it is used and read again
//! when the operator asks for it, and whose certificate it believes when it calls its database.
//!
//! TLS 1.3 alone. Basis: issue 3, part A; reliability, threat T17.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    CertificateError, ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
};

use crate::config::TlsFiles;

/// The one version spoken.
const SPOKEN: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

/// Certificate, key or authorities cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file cannot be read.
    #[error("tls_certificate_file cannot be read")]
    NoCertificateFile,
    /// There is no certificate in it.
    #[error("tls_certificate_file holds no certificate (PEM)")]
    NoCertificate,
    /// The key's file cannot be read.
    #[error("tls_key_file cannot be read")]
    NoKeyFile,
    /// There is no key in it.
    #[error("tls_key_file holds no private key (PEM)")]
    NoKey,
    /// They do not belong together.
    #[error("tls_key_file is not the key of tls_certificate_file")]
    NotItsKey,
    /// The file of authorities cannot be read.
    #[error("the file that sslrootcert names cannot be read")]
    NoAuthorityFile,
    /// There is no certificate in it.
    #[error("the file that sslrootcert names holds no certificate (PEM)")]
    NoAuthorityInFile,
    /// The machine itself trusts nobody.
    #[error("this machine knows no certificate authority; name the database's with sslrootcert")]
    NoAuthorityHere,
}

/// Whose word counts for the name of a server that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authorities {
    /// Those the machine trusts.
    Machine,
    /// Those in this file (PEM), and no others.
    File(PathBuf),
}

/// Reads certificate and key, and checks that they belong together.
///
/// # Errors
/// As the text says; a server that runs goes on with what it had.
pub fn load(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let text = std::fs::read(&files.certificate).map_err(|_| TlsError::NoCertificateFile)?;
    let chain = certificates(&text).ok_or(TlsError::NoCertificate)?;
    let text = std::fs::read(&files.key).map_err(|_| TlsError::NoKeyFile)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::NoKey)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&SPOKEN)
        .map_err(|_| TlsError::NotItsKey)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsError::NotItsKey)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// How to call a server whose certificate must be valid, for its name, and of one of these authorities.
///
/// # Errors
/// There are no authorities to go by.
pub fn client(authorities: &Authorities) -> Result<ClientConfig, TlsError> {
    let unusable = match authorities {
        Authorities::Machine => TlsError::NoAuthorityHere,
        Authorities::File(_) => TlsError::NoAuthorityInFile,
    };
    let trusted = match authorities {
        Authorities::Machine => rustls_native_certs::load_native_certs().certs,
        Authorities::File(file) => {
            let text = std::fs::read(file).map_err(|_| TlsError::NoAuthorityFile)?;
            certificates(&text).ok_or(unusable)?
        }
    };
    let mut roots = RootCertStore::empty();
    // What cannot be used is left out, as a machine's own may hold anything.
    let (used, _) = roots.add_parsable_certificates(trusted);
    if used == 0 {
        return Err(unusable);
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&SPOKEN)
        .map_err(|_| unusable)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

/// Why a server that was called is not the one that was meant, in words for whoever runs this one.
pub fn refusal(error: &rustls::Error) -> &'static str {
    use CertificateError as Fault;
    let rustls::Error::InvalidCertificate(fault) = error else {
        return "no TLS 1.3 could be agreed on";
    };
    if matches!(
        fault,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. }
    ) {
        "its certificate is for another name than the one it was called by"
    } else if matches!(fault, Fault::UnknownIssuer | Fault::BadSignature) {
        "its certificate is of an authority that is not trusted here"
    } else if matches!(
        fault,
        Fault::Expired
            | Fault::ExpiredContext { .. }
            | Fault::NotValidYet
            | Fault::NotValidYetContext { .. }
    ) {
        "its certificate is not valid at this time"
    } else {
        "its certificate cannot be used"
    }
}

/// The certificates of a text in PEM; none where there is none, or one that cannot be read.
fn certificates(text: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    found.ok().filter(|found| !found.is_empty())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}
