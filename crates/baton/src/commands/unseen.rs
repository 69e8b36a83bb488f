//! What does not belong on the command line, which other users of the machine can list and the shell
//! keeps: it is read from standard input.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use baton_domain::ids::Upn;
use baton_wire::v1;

use crate::output::{Output, Wrong};

/// Most bytes that are read.
const BYTES_MAX: u64 = 16 * 1024;

/// One line.
pub(crate) fn line(ask: &str, output: Output) -> anyhow::Result<String> {
    let mut text = String::new();
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        output.say(ask);
        stdin.read_line(&mut text)?;
    } else {
        stdin.lock().take(BYTES_MAX).read_to_string(&mut text)?;
    }
    Ok(text.trim().to_owned())
}

/// Lines, without those that say nothing; at a terminal until an empty one.
pub(crate) fn lines(ask: &str, output: Output) -> anyhow::Result<Vec<String>> {
    let stdin = std::io::stdin();
    let mut lines = Vec::new();
    if stdin.is_terminal() {
        output.say(ask);
        for line in stdin.lock().lines() {
            let line = line?;
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
    } else {
        let mut text = String::new();
        stdin.lock().take(BYTES_MAX).read_to_string(&mut text)?;
        let full = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.extend(full.map(str::to_owned));
    }
    Ok(lines)
}

/// A UPN, or `scheme:value`.
pub(crate) fn identifier(text: &str) -> anyhow::Result<v1::LearnerIdentifier> {
    let (scheme, value) = match text.split_once(':') {
        Some((scheme, value)) => (scheme, value),
        None if Upn::parse(text).is_ok_and(|upn| upn.is_temporary()) => ("temporary_upn", text),
        None => ("upn", text),
    };
    if baton_wire::field::learner("learner", scheme, value).is_err() {
        let say = "what was typed is no UPN, nor uln:… nor nhs:…; its check letter tells a slip";
        return Err(Wrong(say.to_owned()).into());
    }
    Ok(v1::LearnerIdentifier {
        scheme: scheme.to_owned(),
        value: value.to_owned(),
    })
}
