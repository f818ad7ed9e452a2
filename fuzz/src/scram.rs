//! What a broker says in a login by SCRAM.

use ottla_core::sasl::{Conversation, Credentials, Given, Hash, NONCE_LEN, Step};

use crate::split::Input;

/// Two messages of the broker, cut where the first byte says. Where it says `N` for the nonce, ours is put in: nobody
/// guesses it, and behind it lies the rest.
pub(crate) fn conversation(input: &[u8]) {
    let mut input = Input(input);
    let choice = input.byte();
    let first_len = usize::from(input.byte());
    let credentials = Credentials::Scram {
        hash: if choice & 1 == 0 {
            Hash::Sha256
        } else {
            Hash::Sha512
        },
        username: "kim".to_owned(),
        password: "pencil".to_owned(),
        delegation_token: choice & 2 != 0,
    };
    let given = Given {
        nonce: [7; NONCE_LEN],
        token: None,
    };
    let (mut conversation, hello) =
        Conversation::begin(&credentials, &given).expect("a name that can be said");
    let hello = String::from_utf8(hello).expect("SCRAM is text");
    let nonce = hello.split("r=").nth(1).expect("the nonce is in it");
    let nonce = nonce.split(',').next().unwrap_or_default();
    let mut first = input.take(first_len).to_vec();
    if let Some(at) = first.windows(3).position(|window| window == b"r=N") {
        first.splice(at + 2..=at + 2, nonce.bytes());
    }
    // More of them is more time and no other path; the limits themselves are tested elsewhere.
    if has_many_iterations(&first) {
        return;
    }
    for message in [&first[..], input.0] {
        match conversation.answered(message) {
            Ok(Step::Done) => panic!("{message:?} proves nothing"),
            Ok(Step::Send(_)) => {}
            Err(error) => {
                assert_eq!(error.to_string().lines().count(), 1, "{error}");
                break;
            }
        }
    }
    let after = conversation.answered(b"");
    assert!(after.is_err(), "a login that failed is over");
}

fn has_many_iterations(message: &[u8]) -> bool {
    let at = message.windows(2).position(|window| window == b"i=");
    let digits = at.map_or(&[][..], |at| &message[at + 2..]);
    let number = digits.iter().take_while(|byte| byte.is_ascii_digit());
    number.fold(0u64, |sum, digit| {
        sum.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    }) > 4096
}
