//! The outside's part of a login: random bytes, and tokens from a file, from options, or from the application.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ottla_core::config::{Config, ConfigError, TokenSource};
use ottla_core::sasl::{Given, NONCE_LEN, Token};

use crate::transport::Login;

type Giving = Pin<Box<dyn Future<Output = Result<Token, String>> + Send>>;

/// The application's way to a token.
#[derive(Clone)]
pub(crate) struct TokenCallback(Arc<dyn Fn() -> Giving + Send + Sync>);

impl TokenCallback {
    pub(crate) fn new<F, T>(provide: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<Token, String>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(provide())))
    }
}

impl fmt::Debug for TokenCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCallback")
    }
}

/// Gives each login its part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logins {
    source: Option<TokenSource>,
    callback: Option<TokenCallback>,
}

impl Logins {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            source: config.token_source(),
            callback: None,
        }
    }

    /// A callback comes before what the configuration says.
    pub(crate) fn set_callback(&mut self, callback: Option<TokenCallback>) -> Result<(), ConfigError> {
        if callback.is_none() && self.source == Some(TokenSource::Callback) {
            return Err(ConfigError::Conflict {
                name: "sasl.mechanism",
                value: "OAUTHBEARER".to_owned(),
                problem: "nobody gives a token; set sasl.oauthbearer.token.endpoint.url=file:///PATH, or give a callback"
                    .to_owned(),
            });
        }
        self.callback = callback;
        Ok(())
    }

    pub(crate) fn begin(&self) -> Login {
        let logins = self.clone();
        Box::pin(async move {
            let mut nonce = [0; NONCE_LEN];
            getrandom::fill(&mut nonce)
                .map_err(|error| format!("the system has no random bytes: {error}"))?;
            let token = logins.token().await?;
            Ok(Given { nonce, token })
        })
    }

    async fn token(&self) -> Result<Option<Token>, String> {
        if let (Some(callback), Some(_)) = (&self.callback, &self.source) {
            let token = (callback.0)().await;
            return token.map(Some).map_err(|why| format!("no token: {why}"));
        }
        match &self.source {
            None | Some(TokenSource::Callback) => Ok(None),
            Some(TokenSource::File(path)) => from_file(path).await.map(Some),
            Some(TokenSource::Unsecured(options)) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                unsecured(options, now.as_secs()).map(Some)
            }
        }
    }
}

async fn from_file(path: &str) -> Result<Token, String> {
    let path = path.to_owned();
    // A file system can hang; the runtime's workers must not hang with it.
    let read = tokio::task::spawn_blocking(move || {
        std::fs::read_to_string(&path).map_err(|error| {
            format!("no token: {path} cannot be read: {error} (sasl.oauthbearer.token.endpoint.url)")
        })
    });
    let text = read
        .await
        .map_err(|_| "no token: the runtime is shutting down".to_owned())??;
    Ok(Token::new(text.trim()))
}

/// An unsigned JWT, as Kafka's `OAuthBearerUnsecuredLoginCallbackHandler` makes it; only brokers for tests take one.
fn unsecured(options: &[(String, String)], now: u64) -> Result<Token, String> {
    const DEFAULT_LIFETIME: u64 = 3600;
    let mut claims = String::new();
    let mut lifetime = DEFAULT_LIFETIME;
    let mut extensions = Vec::new();
    for (name, value) in options {
        let number = || {
            let whole = value.parse::<u64>();
            whole.map_err(|_| format!("no token: {name} in sasl.jaas.config must be a whole number"))
        };
        match name
            .strip_prefix("unsecuredLogin")
            .and_then(|kind| kind.split_once('_').or(Some((kind, ""))))
        {
            Some(("StringClaim", claim)) => claims.push_str(&format!(",{}:{}", json(claim), json(value))),
            Some(("NumberClaim", claim)) => claims.push_str(&format!(",{}:{}", json(claim), number()?)),
            Some(("Extension", extension)) => extensions.push((extension.to_owned(), value.clone())),
            Some(("LifetimeSeconds", "")) => lifetime = number()?,
            _ => {
                return Err(format!(
                    "no token: {name} in sasl.jaas.config is not supported; leave it out"
                ));
            }
        }
    }
    let expires = now.saturating_add(lifetime);
    let claims = format!("{{\"iat\":{now},\"exp\":{expires}{claims}}}");
    let token = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode("{\"alg\":\"none\"}"),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let token = Token::new(token);
    Ok(extensions
        .into_iter()
        .fold(token, |token, (name, value)| token.extension(name, value)))
}

fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> Config {
        let options = [
            ("bootstrap.servers", "b1:9093,b2:9093"),
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "OAUTHBEARER"),
            ("sasl.oauthbearer.token.endpoint.url", url),
        ];
        Config::parse(options).expect("a valid configuration")
    }

    #[test]
    fn an_unsigned_token_has_its_claims() {
        let options = [
            ("unsecuredLoginStringClaim_sub", "k\"im"),
            ("unsecuredLoginNumberClaim_level", "3"),
            ("unsecuredLoginLifetimeSeconds", "60"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let token = unsecured(&options, 1_000).expect("good options");
        let expected = r#"{"iat":1000,"exp":1060,"sub":"k\"im","level":3}"#;
        let expected = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#),
            URL_SAFE_NO_PAD.encode(expected)
        );
        assert_eq!(token, Token::new(expected));
        let bad = [("unsecuredLoginListClaim_scope".to_owned(), ",a,b".to_owned())];
        assert!(
            unsecured(&bad, 0)
                .expect_err("not supported")
                .contains("unsecuredLoginListClaim_scope")
        );
    }

    #[tokio::test]
    async fn a_token_file_is_read_for_each_login() {
        let path = std::env::temp_dir().join(format!("ottla-token-{}", std::process::id()));
        let logins = Logins::new(&config(&format!("file://{}", path.display())));
        for token in ["one", "two"] {
            std::fs::write(&path, format!("{token}\n")).expect("a temporary file");
            let given = logins.begin().await.expect("there is a token");
            assert_eq!(given.token, Some(Token::new(token)));
        }
        std::fs::remove_file(&path).expect("it was written above");
        let error = logins.begin().await.expect_err("the file is gone");
        assert!(
            error.contains("cannot be read") && error.lines().count() == 1,
            "{error}"
        );
    }

    #[tokio::test]
    async fn nonces_differ_and_callbacks_are_asked_each_time() {
        let mut logins = Logins::new(&config(""));
        assert!(logins.set_callback(None).is_err(), "nobody would give a token");
        let callback = TokenCallback::new(|| async { Err("the vault is sealed".to_owned()) });
        logins.set_callback(Some(callback)).expect("a callback");
        assert_eq!(
            logins.begin().await.expect_err("no token"),
            "no token: the vault is sealed"
        );
        logins
            .set_callback(Some(TokenCallback::new(|| async { Ok(Token::new("t")) })))
            .expect("a callback");
        let (one, two) = (
            logins.begin().await.expect("given"),
            logins.begin().await.expect("given"),
        );
        assert_ne!(one.nonce, two.nonce);
    }
}
