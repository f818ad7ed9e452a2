//! `sasl.jaas.config`: the syntax of JAAS login modules, as Kafka's clients read it (`JaasConfig`).
//!
//! ```text
//! org.apache.kafka.common.security.plain.PlainLoginModule required username="kim" password="…";
//! ```
//!
//! No message repeats a value: they are passwords.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{iter::Peekable, str::Chars};

const FLAGS: [&str; 4] = ["required", "requisite", "sufficient", "optional"];

/// The one login module of a client.
pub(crate) struct LoginModule {
    /// The class.
    pub(crate) class: String,
    /// Its options, in the order in which they are written.
    pub(crate) options: Vec<(String, String)>,
}

impl LoginModule {
    /// Reads the value of `sasl.jaas.config`.
    ///
    /// # Errors
    /// What is wrong with it, without any value.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = Tokens(text.chars().peekable());
        let class = match tokens.next()? {
            Some(Token::Word(class)) => class,
            _ => return Err(start().to_string()),
        };
        match tokens.next()? {
            Some(Token::Word(flag)) if FLAGS.iter().any(|known| known.eq_ignore_ascii_case(&flag)) => {}
            _ => return Err("after the class must come required".to_string()),
        }
        let mut options = Vec::new();
        loop {
            match tokens.next()? {
                Some(Token::Semicolon) => break,
                Some(Token::Word(name)) => options.push((name.clone(), option(&mut tokens, &name)?)),
                Some(Token::Quoted(_) | Token::Equals) => {
                    return Err("options must look like name=\"value\"".to_string());
                }
                None => return Err("it must end with a semicolon".to_string()),
            }
        }
        match tokens.next()? {
            None => Ok(Self { class, options }),
            Some(_) => Err("there is more after the semicolon; a client has one login module".to_string()),
        }
    }

    /// The class without its package.
    pub(crate) fn short_class(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or(&self.class)
    }

    /// The value of an option; the last one counts, as in a Java map.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().rev().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn start() -> &'static str {
    "it must begin with a login module's class, as org.apache.kafka.common.security.scram.ScramLoginModule"
}

fn option(tokens: &mut Tokens<'_>, name: &str) -> Result<String, String> {
    let missing = || format!("option {name} has no value; write {name}=\"...\"");
    match tokens.next()? {
        Some(Token::Equals) => {}
        _ => return Err(missing()),
    }
    match tokens.next()? {
        Some(Token::Word(value) | Token::Quoted(value)) => Ok(value),
        _ => Err(missing()),
    }
}

enum Token {
    Word(String),
    Quoted(String),
    Equals,
    Semicolon,
}

struct Tokens<'a>(Peekable<Chars<'a>>);

impl Tokens<'_> {
    fn next(&mut self) -> Result<Option<Token>, String> {
        self.skip_blanks()?;
        Ok(match self.0.next() {
            None => None,
            Some('=') => Some(Token::Equals),
            Some(';') => Some(Token::Semicolon),
            Some(quote @ ('"' | '\'')) => Some(Token::Quoted(self.quoted(quote)?)),
            Some(first) => {
                let mut word = String::from(first);
                let ends = |c: &char| c.is_whitespace() || "=;\"'".contains(*c);
                while let Some(c) = self.0.next_if(|c| !ends(c)) {
                    word.push(c);
                }
                Some(Token::Word(word))
            }
        })
    }

    /// Blanks and comments. A slash elsewhere belongs to a word.
    fn skip_blanks(&mut self) -> Result<(), String> {
        loop {
            while self.0.next_if(|c| c.is_whitespace()).is_some() {}
            let mut ahead = self.0.clone();
            if ahead.next() != Some('/') {
                return Ok(());
            }
            match ahead.next() {
                Some('/') => while self.0.next().is_some_and(|c| c != '\n') {},
                Some('*') => {
                    let mut last = ' ';
                    self.0.nth(1);
                    loop {
                        match self.0.next() {
                            Some('/') if last == '*' => break,
                            Some(c) => last = c,
                            None => return Err("a comment is not closed".to_string()),
                        }
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// The escapes of C, as `java.io.StreamTokenizer` reads them, without the octal ones.
    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let mut text = String::new();
        loop {
            match self.0.next() {
                Some(c) if c == quote => return Ok(text),
                Some('\\') => match self.0.next() {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(c) if c.is_ascii_digit() => {
                        return Err("octal escapes are not supported; write the character itself".to_string());
                    }
                    Some(c) => text.push(c),
                    None => return Err("a quote is not closed".to_string()),
                },
                Some('\n') | None => return Err("a quote is not closed".to_string()),
                Some(c) => text.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafkas_examples() {
        let module = LoginModule::parse(
            "org.apache.kafka.common.security.plain.PlainLoginModule required \\\n username=\"alice\" password='a;\"b=c';"
                .replace("\\\n", "\n")
                .as_str(),
        )
        .expect("good");
        assert_eq!(module.short_class(), "PlainLoginModule");
        assert_eq!(
            (module.get("username"), module.get("password")),
            (Some("alice"), Some("a;\"b=c"))
        );
        assert_eq!(module.get("other"), None);
        let module =
            LoginModule::parse("/* c */ ScramLoginModule REQUIRED // d\n username=kim-1_$ tokenauth=true;")
                .expect("good");
        assert_eq!(module.get("username"), Some("kim-1_$"));
        assert_eq!(module.get("tokenauth"), Some("true"));
        let module = LoginModule::parse(r#"X required a="q\"\\\n" a="last";"#).expect("good");
        assert_eq!(module.options[0].1, "q\"\\\n");
        assert_eq!(module.get("a"), Some("last"));
    }

    #[test]
    fn mistakes_are_named_without_their_values() {
        for (text, needle) in [
            ("", "begin with"),
            ("\"x\" required;", "begin with"),
            ("X;", "required"),
            ("X always password=s3cret;", "required"),
            ("X required password=s3cret", "semicolon"),
            ("X required password;", "password has no value"),
            ("X required password=;", "password has no value"),
            ("X required \"s3cret\"=x;", "name="),
            ("X required password=\"s3cret;", "not closed"),
            ("X required /* s3cret", "not closed"),
            ("X required; Y required;", "one login module"),
            ("X required password=\"\\101\";", "octal"),
        ] {
            let error = LoginModule::parse(text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.contains(needle), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
