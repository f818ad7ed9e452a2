//! Korean particles after a word, by its final sound.

/// A pair of particles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Josa {
    /// 은/는: the topic.
    EunNeun,
    /// 이/가: the subject.
    IGa,
    /// 을/를: the object.
    EulReul,
    /// 으로/로: to, by.
    EuroRo,
    /// 과/와: and.
    GwaWa,
}

/// How a word ends when it is read aloud.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Vowel,
    Rieul,
    Consonant,
}

/// The particle that follows `word`.
pub fn josa(word: &str, josa: Josa) -> &'static str {
    let end = end(word);
    let open = end == End::Vowel;
    match josa {
        Josa::EunNeun if open => "는",
        Josa::EunNeun => "은",
        Josa::IGa if open => "가",
        Josa::IGa => "이",
        Josa::EulReul if open => "를",
        Josa::EulReul => "을",
        // After a final rieul it is 로, as after a vowel.
        Josa::EuroRo if end == End::Consonant => "으로",
        Josa::EuroRo => "로",
        Josa::GwaWa if open => "와",
        Josa::GwaWa => "과",
    }
}

fn end(word: &str) -> End {
    let Some(last) = word.chars().rev().find(|c| c.is_alphanumeric()) else {
        return End::Vowel;
    };
    match last {
        '가'..='힣' => match (last as u32 - '가' as u32) % 28 {
            0 => End::Vowel,
            8 => End::Rieul,
            _ => End::Consonant,
        },
        // Digits as they are read: 일, 칠, 팔 end in rieul; 영, 삼, 육 in another consonant.
        '1' | '7' | '8' => End::Rieul,
        '0' | '3' | '6' => End::Consonant,
        '2' | '4' | '5' | '9' => End::Vowel,
        // Latin letters by their usual final sound.
        'l' | 'L' | 'r' | 'R' => End::Rieul,
        'm' | 'M' | 'n' | 'N' | 'b' | 'B' | 'p' | 'P' | 'k' | 'K' | 't' | 'T' | 'c' | 'C' | 'g' | 'G'
        | 'd' | 'D' => End::Consonant,
        _ => End::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_final_sound() {
        for (word, pairs) in [
            ("브로커 1", ["은", "이", "을", "로", "과"]),
            ("브로커 2", ["는", "가", "를", "로", "와"]),
            ("브로커 3", ["은", "이", "을", "으로", "과"]),
            ("리더", ["는", "가", "를", "로", "와"]),
            ("연결", ["은", "이", "을", "로", "과"]),
            ("응답", ["은", "이", "을", "으로", "과"]),
            ("kim", ["은", "이", "을", "으로", "과"]),
            ("orders-2", ["는", "가", "를", "로", "와"]),
            ("", ["는", "가", "를", "로", "와"]),
        ] {
            let all = [Josa::EunNeun, Josa::IGa, Josa::EulReul, Josa::EuroRo, Josa::GwaWa];
            assert_eq!(all.map(|it| josa(word, it)), pairs, "{word}");
        }
    }

    #[test]
    fn punctuation_is_not_read_aloud() {
        assert_eq!(josa("\"kim\"", Josa::EulReul), "을");
    }
}
