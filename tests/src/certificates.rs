//! Certificates that are made for one run of the tests: an authority, and what it signs.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::places;

/// A certificate authority with a directory of PEM files.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    dir: PathBuf,
}

impl Authority {
    /// A new authority.
    ///
    /// # Panics
    /// When there is no randomness, or no place for its files.
    pub fn new(name: &str) -> Self {
        let mut params = named(name, &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("the system has random bytes");
        let certificate = params.self_signed(&key).expect("an authority signs itself");
        let dir = places::run_dir("certificates");
        write(&dir.join("ca.pem"), &certificate.pem());
        Self {
            issuer: Issuer::new(params, key),
            dir,
        }
    }

    /// The PEM file of its own certificate, to be trusted.
    pub fn file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A PEM file with a private key and a certificate for these host names.
    ///
    /// # Panics
    /// When a name cannot be one of a host.
    pub fn sign(&self, name: &str, hosts: &[&str]) -> PathBuf {
        let key = KeyPair::generate().expect("the system has random bytes");
        let certificate = named(name, hosts)
            .signed_by(&key, &self.issuer)
            .expect("an authority signs");
        let file = self.dir.join(format!("{name}.pem"));
        write(&file, &format!("{}{}", key.serialize_pem(), certificate.pem()));
        file
    }
}

fn named(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("host names are ASCII");
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
