//! Bytes nobody meant, where the server reads them alone: API keys and the configuration.
#![cfg(test)]

use baton_domain::ids::CredentialId;
use baton_server::{ApiKey, Config, DEFAULT_CONFIG};

#[path = "../../../tests/chance/mod.rs"]
mod chance;

use chance::{
    damaged,
    law::{Met, search},
};

fn demand(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

#[test]
fn campaign_fuzz_a_key_is_read_as_printed_or_not_at_all() {
    let keys = [
        ApiKey::print("live", &CredentialId::from_bytes([3; 16]), &[0xab; 32]),
        ApiKey::print("test", &CredentialId::from_bytes([0xff; 16]), &[0; 32]),
        ApiKey::print("a_b", &CredentialId::from_bytes([1; 16]), &[9; 32]),
    ];
    let sound = keys.clone().map(String::into_bytes);
    let words: &[&[u8]] = &[
        b"baton_",
        b"_",
        b"__",
        b"live",
        b"test",
        b"0",
        b"f",
        b"F",
        b"+",
        b" ",
        b"\n",
        b"00000000",
        "\u{661}".as_bytes(),
    ];
    let law = |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let Some(key) = ApiKey::parse(&text) else {
            return Ok(Met::Refused);
        };
        let environment = text.split('_').nth(1).unwrap_or_default();
        let printed = ApiKey::print(environment, &key.credential, &key.secret);
        demand(printed == text, "a key has one spelling")?;
        Ok(Met::Accepted)
    };
    search("API keys", 6_000, |dice| damaged(dice, &sound, words), law);
}

#[test]
fn campaign_fuzz_a_configuration_is_read_whole_or_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("baton.toml");
    let sound = [
        DEFAULT_CONFIG.as_bytes().to_vec(),
        b"[server]\ntls12 = true\n[log]\nformat = \"json\"\n".to_vec(),
    ];
    let words: &[&[u8]] = &[
        b"[",
        b"]",
        b"[[",
        b"=",
        b"\"",
        b"'''",
        b"\"\"\"",
        b"#",
        b"\n",
        b".",
        b"{",
        b"}",
        b"[server]",
        b"[limits]",
        b"listen",
        b"true",
        b"0",
        b"-1",
        b"1e9",
        b"1970-01-01",
        b"inf",
        b"folder = 1",
    ];
    let known: toml::Table = DEFAULT_CONFIG.parse().expect("the default");
    let law = |input: &[u8]| {
        std::fs::write(&path, input).map_err(|it| it.to_string())?;
        let read = match Config::load(Some(&path)) {
            Ok(read) => read,
            Err(refusal) => {
                demand(!refusal.to_string().is_empty(), "a refusal says why")?;
                return Ok(Met::Refused);
            }
        };
        let text = std::str::from_utf8(input).map_err(|_| "read, and no UTF-8")?;
        let stated: toml::Table = text
            .parse()
            .map_err(|it| format!("read, and no TOML: {it}"))?;
        for (section, options) in &stated {
            // The one list: its default is that there is nothing in it.
            if section == "witness" {
                demand(options.is_array(), "a witness that is no list")?;
                continue;
            }
            let known = known.get(section).and_then(toml::Value::as_table);
            let known = known.ok_or_else(|| format!("section {section} passed in silence"))?;
            for option in options.as_table().into_iter().flatten() {
                demand(known.contains_key(option.0), "an option passed in silence")?;
            }
        }
        demand(
            read.server.deadline_seconds > 0,
            "a call may take some time",
        )?;
        Ok(Met::Accepted)
    };
    search(
        "configurations",
        500,
        |dice| damaged(dice, &sound, words),
        law,
    );
}
