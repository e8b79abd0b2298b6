//! TLS to a server, in libpq's words. Whoever asks for it gets it whole: the certificate is verified, name included.

use std::borrow::Cow;
use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// Who has to have signed the server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    /// Whom the system trusts.
    System,
    /// Whoever is in this file.
    File(PathBuf),
}

/// Takes out of a URL what libpq says of certificates and `tokio-postgres` has no word for.
pub(super) fn split(url: &str) -> Result<(Cow<'_, str>, Authority), StoreError> {
    let mut authority = Authority::System;
    let Some((place, query)) = url.split_once('?') else { return Ok((url.into(), authority)) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslrootcert", "system")) => {}
            Some(("sslrootcert", path)) => {
                let path = percent_encoding::percent_decode_str(path).decode_utf8().map_err(|_| StoreError::Url)?;
                authority = Authority::File(PathBuf::from(path.into_owned()));
            }
            Some(("sslmode", "verify-full" | "verify-ca")) => rest.push("sslmode=require"),
            Some(_) | None => rest.push(pair),
        }
    }
    Ok((if rest.is_empty() { place.into() } else { format!("{place}?{}", rest.join("&")).into() }, authority))
}

impl Authority {
    pub(super) fn certificates(&self) -> Result<RootCertStore, StoreError> {
        let mut roots = RootCertStore::empty();
        match self {
            Self::System => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Self::File(path) => {
                let failed = |reason: String| StoreError::Authority { path: path.clone(), reason };
                let read = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
                for certificate in read {
                    let certificate = certificate.map_err(|error| failed(error.to_string()))?;
                    roots.add(certificate).map_err(|error| failed(error.to_string()))?;
                }
                if roots.is_empty() {
                    return Err(failed("it holds no certificate".to_owned()));
                }
            }
        }
        Ok(roots)
    }

    pub(super) fn connector(&self) -> Result<MakeRustlsConnect, StoreError> {
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Unreachable { reason: error.to_string() })?
            .with_root_certificates(self.certificates()?)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libpq_s_words_are_taken_out_of_a_url() {
        let file = |path: &str| Authority::File(path.into());
        for (url, left, authority) in [
            ("postgres://h/d", "postgres://h/d", Authority::System),
            ("postgres://h/d?sslmode=verify-full", "postgres://h/d?sslmode=require", Authority::System),
            ("postgres://h/d?sslrootcert=system&sslmode=require", "postgres://h/d?sslmode=require", Authority::System),
            ("postgres://h/d?sslrootcert=/etc/my%20ca.pem", "postgres://h/d", file("/etc/my ca.pem")),
            (
                "postgres://h/d?a=b&sslmode=verify-ca&sslrootcert=ca.pem&c",
                "postgres://h/d?a=b&sslmode=require&c",
                file("ca.pem"),
            ),
        ] {
            assert_eq!(split(url), Ok((left.into(), authority)), "{url}");
        }
        assert_eq!(split("postgres://h/d?sslrootcert=%ff"), Err(StoreError::Url));
    }

    #[test]
    fn a_file_that_names_no_authority_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ca.pem");
        let refused = |content: Option<&str>| {
            if let Some(content) = content {
                std::fs::write(&path, content).expect("written");
            }
            match Authority::File(path.clone()).certificates() {
                Err(StoreError::Authority { path: named, .. }) => assert_eq!(named, path),
                other => panic!("{other:?}"),
            }
        };
        refused(None);
        refused(Some("nothing at all"));
        refused(Some("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"));
        let good = Authority::File("tests/data/tls/authority.pem".into()).certificates().expect("an authority");
        assert_eq!(good.len(), 1);
    }
}
