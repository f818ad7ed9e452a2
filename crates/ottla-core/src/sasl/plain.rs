//! PLAIN (RFC 4616).

use alloc::vec::Vec;

use super::SaslError;

/// The one message: no authorization identity, user, password.
pub(super) fn message(username: &str, password: &str) -> Result<Vec<u8>, SaslError> {
    if username.contains('\0') || password.contains('\0') {
        return Err(SaslError::NulInCredentials);
    }
    let mut message = Vec::with_capacity(username.len() + password.len() + 2);
    for part in [username, password] {
        message.push(0);
        message.extend_from_slice(part.as_bytes());
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_the_rfc_without_its_authorization_identity() {
        assert_eq!(
            message("tim", "tanstaaftanstaaf"),
            Ok(b"\0tim\0tanstaaftanstaaf".to_vec())
        );
        assert_eq!(message("t\0m", "x"), Err(SaslError::NulInCredentials));
        assert_eq!(message("tim", "\0"), Err(SaslError::NulInCredentials));
    }
}
