//! Times and sizes as people read them. Units are the same in every language.

/// A number with so many decimals. The standard library's own way knows every float to its last digit, and is five
/// times the code.
pub fn fixed(value: f64, decimals: u32) -> String {
    let scale = 10_u64.pow(decimals);
    let scaled = (value.abs() * scale as f64 + 0.5) as u64;
    let sign = if value < 0.0 && scaled > 0 { "-" } else { "" };
    let (whole, part) = (scaled / scale, scaled % scale);
    match decimals {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part:0width$}", width = decimals as usize),
    }
}

/// A stretch of time, with as many digits as matter.
pub fn duration(micros: u64) -> String {
    let ms = micros as f64 / 1_000.0;
    match micros {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{micros} \u{b5}s"),
        1_000..100_000 => fixed(ms, 1) + " ms",
        100_000..1_000_000 => fixed(ms, 0) + " ms",
        1_000_000..10_000_000 => fixed(ms / 1_000.0, 2) + " s",
        10_000_000..100_000_000 => fixed(ms / 1_000.0, 1) + " s",
        _ => fixed(ms / 1_000.0, 0) + " s",
    }
}

/// A limit that somebody configured: no digits that nobody wrote.
pub fn limit(micros: u64) -> String {
    match micros {
        us if us % 1_000 != 0 => format!("{us} \u{b5}s"),
        us if us % 1_000_000 == 0 && us > 0 => format!("{} s", us / 1_000_000),
        us => format!("{} ms", us / 1_000),
    }
}

/// A part of a limit, in the limit's unit.
pub fn part(micros: u64, limit: u64) -> String {
    if limit >= 1_000_000 && limit.is_multiple_of(1_000_000) {
        fixed(micros as f64 / 1_000_000.0, 1)
    } else {
        fixed(micros as f64 / 1_000.0, 1)
    }
}

/// The clock of the dock.
pub fn clock(micros: u64) -> String {
    fixed(micros as f64 / 1_000_000.0, 3) + " s"
}

/// A number of bytes.
pub fn bytes(n: u64) -> String {
    match n {
        0..10_000 => format!("{n} B"),
        10_000..1_048_576 => fixed(n as f64 / 1_024.0, 1) + " KiB",
        _ => fixed(n as f64 / 1_048_576.0, 1) + " MiB",
    }
}

/// A count with thin spaces between thousands.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded() {
        for (value, decimals, text) in [
            (0.0, 0, "0"),
            (9.96, 1, "10.0"),
            (0.004, 2, "0.00"),
            (1.05, 3, "1.050"),
            (-12.345, 1, "-12.3"),
            (-0.01, 1, "0.0"),
            (41.7, 0, "42"),
        ] {
            assert_eq!(fixed(value, decimals), text);
        }
    }

    #[test]
    fn digits_that_matter() {
        for (micros, text) in [
            (0, "0 ms"),
            (400, "400 \u{b5}s"),
            (5_000, "5.0 ms"),
            (11_840, "11.8 ms"),
            (118_400, "118 ms"),
            (1_254_000, "1.25 s"),
            (10_340_000, "10.3 s"),
            (120_000_000, "120 s"),
        ] {
            assert_eq!(duration(micros), text);
        }
        assert_eq!(
            (limit(5_000), limit(120_000_000), limit(1_500_000)),
            ("5 ms".into(), "120 s".into(), "1500 ms".into())
        );
        assert_eq!(part(2_500, 5_000), "2.5");
        assert_eq!(clock(1_254_000), "1.254 s");
        assert_eq!((bytes(800), bytes(16_384)), ("800 B".into(), "16.0 KiB".into()));
        assert_eq!(
            (count(1234), count(50_000)),
            ("1234".into(), "50\u{202f}000".into())
        );
    }
}
