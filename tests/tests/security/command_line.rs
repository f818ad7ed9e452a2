//! Logins of the command line.

use ottla_tests::places::{program, run_dir};
use ottla_tests::run::{Finished, Run};

use super::{Guarded, TOPIC};

fn cli(
    command: &str,
    bootstrap: &str,
    options: &[(&'static str, String)],
    args: &[&str],
    input: &str,
) -> Finished {
    let file = run_dir("command-config").join("client.properties");
    let lines: String = options
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    std::fs::write(&file, lines).expect("a temporary file");
    Run::new(program("ottla"))
        .args([
            command,
            "--bootstrap-server",
            bootstrap,
            "--command-config",
            &file.display().to_string(),
        ])
        .args(args)
        .input(input)
        .finish()
}

#[test]
fn the_command_line_logs_in_with_kafkas_own_options() {
    let guarded = Guarded::get();
    let at = guarded.at("LOGIN");
    let right = guarded.login("SCRAM-SHA-256", "pencil");
    let ok = |run: Finished| {
        assert_eq!(run.code, Some(0), "{}", run.errors());
        run
    };
    let listed = ok(cli("topics", &at, &right, &["--list"], ""));
    assert!(
        listed.lines().iter().any(|line| line == TOPIC),
        "{}",
        listed.text()
    );
    ok(cli(
        "console-producer",
        &at,
        &right,
        &["--topic", TOPIC],
        "from the command line\n",
    ));
    let args = ["--topic", TOPIC, "--from-beginning", "--timeout-ms", "3000"];
    let read = ok(cli("console-consumer", &at, &right, &args, ""));
    assert!(
        read.lines().iter().any(|line| line == "from the command line"),
        "{}",
        read.text()
    );
}

#[test]
fn the_command_line_ends_with_one_line_and_exit_code_1() {
    let guarded = Guarded::get();
    let at = guarded.at("LOGIN");
    let wrong = guarded.login("SCRAM-SHA-256", "wrong-secret");
    let many = "x\n".repeat(1000);
    for (command, args) in [
        ("topics", &["--list"][..]),
        ("console-producer", &["--topic", TOPIC]),
        ("console-consumer", &["--topic", TOPIC, "--from-beginning"]),
    ] {
        let run = cli(command, &at, &wrong, args, &many);
        let errors = run.errors();
        assert_eq!(run.code, Some(1), "{command}: {errors}");
        let said: Vec<&str> = errors
            .lines()
            .filter(|line| !line.starts_with("notice:"))
            .collect();
        assert_eq!(said.len(), 1, "{command}: {errors}");
        assert!(
            said[0].contains("SASL_AUTHENTICATION_FAILED") && said[0].contains("\"kim\""),
            "{errors}"
        );
        assert!(!errors.contains("wrong-secret"), "{errors}");
    }
    // A file of Java's is named with the way out, and before anything is dialled.
    let jks = run_dir("jks").join("trust.jks");
    std::fs::write(&jks, [0xfe, 0xed, 0xfe, 0xed]).expect("a temporary file");
    let mut java = guarded.login("PLAIN", "pencil");
    java[0].1 = jks.display().to_string();
    let run = cli("topics", "127.0.0.1:1", &java, &["--list"], "");
    assert_eq!(run.code, Some(2));
    assert!(run.errors().contains("keytool"), "{}", run.errors());
}
