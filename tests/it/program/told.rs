//! Running the program once, and what it told.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::program;

/// How results are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For people.
    Prose,
    /// With `--json`.
    Json,
}

/// The program with nothing of this process's environment that could change what it says.
pub(super) fn command(form: Form) -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("BATON_") {
            command.env_remove(name);
        }
    }
    if form == Form::Json {
        command.arg("--json");
    }
    command.stdin(Stdio::null());
    command
}

/// What the program told, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    /// Its exit code.
    pub(super) code: i32,
    /// Standard output.
    pub(super) out: String,
    /// Standard error.
    pub(super) err: String,
}

impl Told {
    /// Runs to the end. In JSON every line of standard output is one value, whatever happened.
    pub(super) fn by(command: &mut Command, form: Form) -> Self {
        Self::of(&command.output().unwrap(), form)
    }

    pub(super) fn of(output: &Output, form: Form) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let told = Self {
            code: output.status.code().expect("it was not killed"),
            out: text(&output.stdout),
            err: text(&output.stderr),
        };
        if form == Form::Json {
            told.lines();
        }
        told
    }

    /// Standard output, a value a line.
    pub(super) fn lines(&self) -> Vec<Value> {
        let value = |line: &str| {
            let value: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{error} on standard output: {line}"));
            assert!(value.is_object(), "{line}");
            value
        };
        self.out.lines().map(value).collect()
    }

    /// The sum at the end.
    pub(super) fn summary(&self) -> Value {
        let lines = self.lines();
        let last = lines.last().unwrap_or_else(|| panic!("{self:?}"));
        assert!(last["summary"].is_object(), "{last}");
        last["summary"].clone()
    }

    /// The first thing on standard output that begins so and goes on with an id.
    pub(super) fn name(&self, pattern: &str) -> String {
        let pattern = pattern.replace('*', "[a-z]{3}_[0-9a-z]{26}");
        let found = regex::Regex::new(&pattern).unwrap();
        let found = found.find(&self.out).unwrap_or_else(|| panic!("{self:?}"));
        found.as_str().to_owned()
    }
}
