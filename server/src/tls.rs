//! The server's certificate: read whole before it is used, and read again when the operator asks for it.
//!
//! TLS 1.3 alone. Basis: issue 3, part A; reliability, threat T17.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::config::TlsFiles;

/// Certificate or key cannot be used.
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
}

/// Reads certificate and key, and checks that they belong together.
///
/// # Errors
/// As the text says; a server that runs goes on with what it had.
pub fn load(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let text = std::fs::read(&files.certificate).map_err(|_| TlsError::NoCertificateFile)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|_| TlsError::NoCertificate)?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate);
    }
    let text = std::fs::read(&files.key).map_err(|_| TlsError::NoKeyFile)?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_| TlsError::NoKey)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| TlsError::NotItsKey)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| TlsError::NotItsKey)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
