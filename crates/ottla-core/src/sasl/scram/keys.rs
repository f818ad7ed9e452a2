//! The keys of SCRAM (RFC 5802, section 3), from the RustCrypto crates.

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use super::Hash;

/// What both sides derive from the password.
pub(super) struct Keys {
    hash: Hash,
    client: Vec<u8>,
    server: Vec<u8>,
}

/// What the broker has to answer; kept as the computation, because only that compares in constant time.
#[derive(Clone)]
pub(super) struct Expected {
    hash: Hash,
    key: Vec<u8>,
    signed: Vec<u8>,
}

impl Keys {
    pub(super) fn derive(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = match hash {
            Hash::Sha256 => pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password, salt, iterations).to_vec(),
            Hash::Sha512 => pbkdf2::pbkdf2_hmac_array::<Sha512, 64>(password, salt, iterations).to_vec(),
        };
        Self {
            hash,
            client: mac(hash, &salted, b"Client Key"),
            server: mac(hash, &salted, b"Server Key"),
        }
    }

    /// `ClientKey XOR HMAC(H(ClientKey), signed)`.
    pub(super) fn client_proof(&self, signed: &[u8]) -> Vec<u8> {
        let stored = match self.hash {
            Hash::Sha256 => Sha256::digest(&self.client).to_vec(),
            Hash::Sha512 => Sha512::digest(&self.client).to_vec(),
        };
        let signature = mac(self.hash, &stored, signed);
        self.client
            .iter()
            .zip(&signature)
            .map(|(key, signature)| key ^ signature)
            .collect()
    }

    pub(super) fn server_signature(&self, signed: &[u8]) -> Expected {
        Expected {
            hash: self.hash,
            key: self.server.clone(),
            signed: signed.to_vec(),
        }
    }
}

impl Expected {
    /// Whether that is it, in a time that does not depend on where it differs.
    pub(super) fn is(&self, proof: &[u8]) -> bool {
        match self.hash {
            Hash::Sha256 => sha256(&self.key)
                .chain_update(&self.signed)
                .verify_slice(proof)
                .is_ok(),
            Hash::Sha512 => sha512(&self.key)
                .chain_update(&self.signed)
                .verify_slice(proof)
                .is_ok(),
        }
    }
}

fn mac(hash: Hash, key: &[u8], data: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => sha256(key).chain_update(data).finalize().into_bytes().to_vec(),
        Hash::Sha512 => sha512(key).chain_update(data).finalize().into_bytes().to_vec(),
    }
}

fn sha256(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

fn sha512(key: &[u8]) -> Hmac<Sha512> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> alloc::string::String {
        bytes.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 2.
        let (key, data) = (b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex(&mac(Hash::Sha256, key, data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(
            hex(&mac(Hash::Sha512, key, data))
                .starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554")
        );
    }

    #[test]
    fn proofs_of_other_lengths_are_wrong_and_do_no_harm() {
        let keys = Keys::derive(Hash::Sha512, b"pencil", b"salt", 4096);
        let expected = keys.server_signature(b"signed");
        let right = mac(Hash::Sha512, &keys.server, b"signed");
        assert!(expected.is(&right));
        assert!(!expected.is(&right[..63]) && !expected.is(&[]) && !expected.is(&[0; 65]));
    }
}
