use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{Json, Writer, parse};
use crate::{Envelope, Event, Source, event::PartitionedBy, jsonl};

/// xorshift64*: the same samples in each run.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        &all[drawn as usize % all.len()]
    }
}

fn json<T: Json>(value: &T) -> String {
    let mut writer = Writer::default();
    value.put(&mut writer);
    writer.finish()
}

fn whole(text: &str) -> Result<Envelope, String> {
    parse(text)
}

#[test]
fn what_is_written_is_what_serde_writes_and_each_reads_the_other() {
    let mut rng = Rng(7);
    let mut seen = BTreeSet::new();
    for _ in 0..20_000 {
        let envelope = Envelope::sample(&mut rng);
        seen.insert(envelope.event.name());
        let text = json(&envelope);
        assert_eq!(text, serde_json::to_string(&envelope).expect("it can be written"));
        assert_eq!(
            serde_json::from_str::<Envelope>(&text).expect("serde reads it"),
            envelope
        );
        assert_eq!(whole(&text), Ok(envelope), "{text}");
    }
    assert_eq!(seen.len(), 49, "variants of Event that were drawn");
}

#[test]
fn names_are_those_of_the_json() {
    assert_eq!(Event::Connected { conn: 1 }.name(), "connected");
    assert_eq!(json(&PartitionedBy::RoundRobin), "\"round_robin\"");
    assert_eq!(
        json(&PartitionedBy::KeyHash { hash: -1 }),
        "{\"key_hash\":{\"hash\":-1}}"
    );
    assert_eq!(json(&Source::Broker(2)), "{\"broker\":2}");
}

#[test]
fn fields_may_come_in_any_order_with_space_and_with_company() {
    let text = " { \"event\" : {\"disconnected\":{\"because\":\"\\u00e9\\ud83d\\ude97\\/\\\\u0041\",\"x\":[{},[1.5e-3]],\"conn\":3}} ,\
                \r\n\t\"source\":\"world\",\"new\":null,\"seq\":2,\"t\":1}\n";
    let read = whole(text).expect("good");
    let (conn, node) = (3, None);
    let because = "é\u{1f697}/\\u0041".to_string();
    assert_eq!(read.event, Event::Disconnected { conn, node, because });
    assert_eq!((read.t, read.seq, read.source), (1, 2, Source::World));
}

/// What in a good line is replaced, by what, and what is said about it.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "3}}}",
        "-3}}}",
        "`conn`: expected a whole number from 0 to 4294967295 at column 63",
    ),
    (
        "3}}}",
        "4294967296}}}",
        "`conn`: expected a whole number from 0 to 4294967295 at column 63",
    ),
    (
        "3}}}",
        "3.0}}}",
        "`conn`: expected a whole number from 0 to 4294967295 at column 63",
    ),
    (
        "3}}}",
        "\"3\"}}}",
        "`conn`: expected a whole number from 0 to 4294967295 at column 64",
    ),
    (
        "3}}}",
        "-+3}}}",
        "`conn`: expected a whole number from 0 to 4294967295 at column 63",
    ),
    (
        "\"conn\":3",
        "",
        "`event`: `conn` is missing in the object at column 55",
    ),
    (
        "\"conn\":3",
        "\"conn\":3,\"conn\":3",
        "`event`: a second `conn` at column 66",
    ),
    (
        "{\"connected\":{\"conn\":3}}",
        "\"connected\"",
        "`event`: expected an object",
    ),
    (
        "{\"connected\":{\"conn\":3}}",
        "{\"closed\":3}",
        "`event`: expected nothing but the name at column 52",
    ),
    (
        "{\"connected\":{\"conn\":3}}",
        "{}",
        "`event`: expected a name, or an object with one name at column 42",
    ),
    (
        "connected",
        "enlarged",
        "`event`: nothing here is called `enlarged` (if a newer ottla wrote it, use that) at column 42",
    ),
    (
        "\"client\"",
        "7",
        "`source`: expected a name, or an object with one name at column 25",
    ),
    ("0,\"seq\"", "tru,\"seq\"", "expected a value at column 6"),
    (
        "0,\"seq\"",
        "0 \"seq\"",
        "expected a comma, or the end of the list or object at column 8",
    ),
    ("0,\"seq\"", "0,seq", "expected a name in quotes at column 8"),
    ("0,\"seq\":", "0,\"seq\"", "expected a colon at column 13"),
    ("3}}}", "3}}} x", "something follows the end at column 68"),
    (
        "3}}}",
        "3}}",
        "expected a comma, or the end of the list or object at column 66",
    ),
    (
        "client",
        "cli\u{1}ent",
        "a control character in a text at column 29",
    ),
    ("client", "cli\\qent", "an escape that JSON has not at column 30"),
    (
        "client",
        "cli\\u12g4",
        "\\u needs four hexadecimal digits at column 30",
    ),
];

#[test]
fn mistakes_are_named_with_their_place() {
    let good = r#"{"t":0,"seq":0,"source":"client","event":{"connected":{"conn":3}}}"#;
    assert!(whole(good).is_ok());
    for (from, to, why) in MISTAKES {
        let text = good.replacen(from, to, 1);
        assert_eq!(whole(&text), Err(why.to_string()), "{text}");
    }
}

#[test]
fn texts_and_lists_are_checked() {
    let text = |it: &str| parse::<String>(&format!("\"{it}\""));
    for broken in [
        "\\ud83d",
        "\\ud83d.",
        "\\ude97",
        "\\ud83d\\n",
        "\\ud83d\\\\",
        "\\ud83d\\ud83d",
    ] {
        assert!(
            text(broken)
                .expect_err(broken)
                .starts_with("half a surrogate pair"),
            "{broken}"
        );
    }
    assert_eq!(text("\\ud83d\\ude97 차"), Ok("\u{1f697} 차".to_string()));
    assert_eq!(
        parse::<String>("\"cut"),
        Err("the text has no end at column 5".to_string())
    );
    assert_eq!(
        parse::<(u32, u32)>("[1]"),
        Err("expected a list of 2 values at column 1".to_string())
    );
    assert_eq!(
        parse::<Vec<u32>>("{}"),
        Err("expected a list at column 1".to_string())
    );
    assert_eq!(
        parse::<bool>("1"),
        Err("expected true or false at column 1".to_string())
    );
    assert_eq!(parse::<Option<u64>>("18446744073709551615"), Ok(Some(u64::MAX)));
    assert_eq!(parse::<i64>("-9223372036854775808"), Ok(i64::MIN));
    assert!(parse::<i64>("-9223372036854775809").is_err());
    assert!(parse::<u64>("18446744073709551616").is_err());
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(
        parse::<Vec<Vec<u32>>>(&nested(2)).expect("two lists"),
        [Vec::<u32>::new()]
    );
    let deep = parse::<bool>(&nested(100_000)).expect_err("too deep");
    assert!(deep.contains("nested too deeply"), "{deep}");
}

#[test]
fn no_prefix_of_a_line_is_read_and_none_panics() {
    let mut rng = Rng(11);
    for _ in 0..300 {
        let text = jsonl::envelope_line(&Envelope::sample(&mut rng));
        for end in (0..text.len() - 1).filter(|end| text.is_char_boundary(*end)) {
            assert!(whole(&text[..end]).is_err(), "{}", &text[..end]);
        }
    }
}
