//! Every kind of entry, as a golden file has it, and every fault, held to what the schema wants.
//!
//! The table is what OCSF 1.8.0 (commit 3dcb905d of github.com/ocsf/ocsf-schema, Apache-2.0) says of
//! the classes and objects that are used here: required attributes, "at least one of", and values of
//! enums. Attributes that are not in it are refused, so nothing is written that the schema does not
//! have.

use std::path::Path;

use baton_wire::v1;

use super::*;

/// Attributes of a class or object: name, required, values or object.
type Row = (&'static str, bool, Is);

enum Is {
    Text,
    Number,
    Truth,
    /// One of these.
    One(&'static [u64]),
    Object(&'static Table),
    Many(&'static Table),
    Texts,
    /// The schema says nothing of what is inside.
    Anything,
}

struct Table {
    rows: &'static [Row],
    /// At least one of these, where the schema says so.
    any: &'static [&'static str],
}

const fn table(rows: &'static [Row], any: &'static [&'static str]) -> Table {
    Table { rows, any }
}

const SEVERITY: Is = Is::One(&[0, 1, 2, 3, 4, 5, 6, 99]);

static PRODUCT: Table = table(
    &[
        ("name", false, Is::Text),
        ("vendor_name", false, Is::Text),
        ("version", false, Is::Text),
    ],
    &["name", "uid"],
);
static METADATA: Table = table(
    &[
        ("version", true, Is::Text),
        ("product", true, Is::Object(&PRODUCT)),
        ("uid", false, Is::Text),
        ("sequence", false, Is::Number),
        ("log_name", false, Is::Text),
        ("event_code", false, Is::Text),
        ("original_time", false, Is::Text),
    ],
    &[],
);
static GROUP: Table = table(&[("name", false, Is::Text)], &["name", "uid"]);
static ORG: Table = table(&[("uid", false, Is::Text)], &["name", "uid"]);
static USER: Table = table(
    &[
        ("uid", false, Is::Text),
        ("type_id", false, Is::One(&[0, 1, 2, 3, 4, 99])),
        ("type", false, Is::Text),
        ("groups", false, Is::Many(&GROUP)),
        ("org", false, Is::Object(&ORG)),
    ],
    &["account", "name", "uid"],
);
static ACTOR: Table = table(
    &[
        ("user", false, Is::Object(&USER)),
        ("app_name", false, Is::Text),
    ],
    &[
        "process",
        "user",
        "invoked_by",
        "session",
        "app_name",
        "app_uid",
    ],
);
static SERVICE: Table = table(&[("name", false, Is::Text)], &["name", "uid"]);
static REQUEST: Table = table(&[("uid", true, Is::Text)], &[]);
static API: Table = table(
    &[
        ("operation", true, Is::Text),
        ("service", false, Is::Object(&SERVICE)),
        ("request", false, Is::Object(&REQUEST)),
    ],
    &[],
);
static ENDPOINT: Table = table(
    &[
        ("uid", false, Is::Text),
        ("name", false, Is::Text),
        (
            "type_id",
            false,
            Is::One(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 99]),
        ),
        ("type", false, Is::Text),
    ],
    &[
        "ip",
        "uid",
        "name",
        "hostname",
        "svc_name",
        "instance_uid",
        "interface_uid",
        "interface_name",
        "domain",
    ],
);
static RESOURCE: Table = table(
    &[
        ("type", false, Is::Text),
        ("uid", false, Is::Text),
        ("version", false, Is::Text),
    ],
    &["name", "uid"],
);
static FINGERPRINT: Table = table(
    &[
        (
            "algorithm_id",
            true,
            Is::One(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99]),
        ),
        ("algorithm", false, Is::Text),
        ("value", true, Is::Text),
    ],
    &[],
);
static FINDING_INFO: Table = table(
    &[
        ("uid", true, Is::Text),
        ("title", false, Is::Text),
        ("desc", false, Is::Text),
        ("types", false, Is::Texts),
    ],
    &[],
);
/// What every class has.
static BASE: Table = table(
    &[
        ("category_uid", true, Is::One(&[0, 2, 6])),
        ("category_name", false, Is::Text),
        ("class_uid", true, Is::One(&[0, 2004, 6003])),
        ("class_name", false, Is::Text),
        ("activity_id", true, Is::Number),
        ("activity_name", false, Is::Text),
        ("type_uid", true, Is::Number),
        ("type_name", false, Is::Text),
        ("severity_id", true, SEVERITY),
        ("severity", false, Is::Text),
        ("status_id", false, Is::One(&[0, 1, 2, 99])),
        ("status", false, Is::Text),
        ("status_code", false, Is::Text),
        ("time", true, Is::Number),
        ("message", false, Is::Text),
        ("metadata", true, Is::Object(&METADATA)),
        ("raw_data_hash", false, Is::Object(&FINGERPRINT)),
        ("unmapped", false, Is::Anything),
    ],
    &[],
);
static API_ACTIVITY: Table = table(
    &[
        ("activity_id", true, Is::One(&[0, 1, 2, 3, 4, 99])),
        ("actor", true, Is::Object(&ACTOR)),
        ("api", true, Is::Object(&API)),
        ("src_endpoint", true, Is::Object(&ENDPOINT)),
        ("resources", false, Is::Many(&RESOURCE)),
    ],
    &[],
);
static DETECTION_FINDING: Table = table(
    &[
        ("activity_id", true, Is::One(&[0, 1, 2, 3, 99])),
        ("finding_info", true, Is::Object(&FINDING_INFO)),
        ("is_alert", false, Is::Truth),
        ("confidence_id", false, Is::One(&[0, 1, 2, 3, 99])),
        ("confidence", false, Is::Text),
        ("resources", false, Is::Many(&RESOURCE)),
        ("status_id", false, Is::One(&[0, 1, 2, 3, 4, 5, 6, 99])),
    ],
    &[],
);
static BASE_EVENT: Table = table(&[("activity_id", true, Is::One(&[0, 99]))], &[]);

/// Everything that is wrong with a value.
fn problems(at: &str, value: &Value, tables: &[&Table], found: &mut Vec<String>) {
    let Some(members) = value.as_object() else {
        found.push(format!("{at} is no object"));
        return;
    };
    for (name, value) in members {
        let at = format!("{at}.{name}");
        // A class says more narrowly what every class has.
        let row = tables
            .iter()
            .rev()
            .find_map(|it| it.rows.iter().find(|row| row.0 == name));
        match row {
            None => found.push(format!("{at} is not in the schema")),
            Some((_, _, is)) => fits(&at, value, is, found),
        }
    }
    for table in tables {
        for (name, required, _) in table.rows {
            if *required && !members.contains_key(*name) {
                found.push(format!("{at}.{name} is required"));
            }
        }
        if !table.any.is_empty() && !table.any.iter().any(|name| members.contains_key(*name)) {
            found.push(format!("{at} has none of {:?}", table.any));
        }
    }
}

fn fits(at: &str, value: &Value, is: &Is, found: &mut Vec<String>) {
    let right = match is {
        Is::Text => value.as_str().is_some_and(|text| !text.is_empty()),
        Is::Number => value.is_u64(),
        Is::Truth => value.is_boolean(),
        Is::One(values) => value.as_u64().is_some_and(|it| values.contains(&it)),
        Is::Object(table) => return problems(at, value, &[table], found),
        Is::Many(table) => match value.as_array() {
            Some(items) => {
                return items
                    .iter()
                    .for_each(|it| problems(at, it, &[table], found));
            }
            None => false,
        },
        Is::Texts => value
            .as_array()
            .is_some_and(|items| items.iter().all(Value::is_string)),
        Is::Anything => value.is_object(),
    };
    if !right {
        found.push(format!("{at} is {value}"));
    }
}

fn check(event: &Value) -> Vec<String> {
    let class = match event["class_uid"].as_u64() {
        Some(6003) => (&API_ACTIVITY, 6),
        Some(2004) => (&DETECTION_FINDING, 2),
        _ => (&BASE_EVENT, 0),
    };
    let mut found = Vec::new();
    problems("event", event, &[&BASE, class.0], &mut found);
    let number = |name: &str| event[name].as_u64().unwrap_or(u64::MAX);
    if number("category_uid") != class.1 {
        found.push("the class is not of this category".to_owned());
    }
    if number("type_uid") != number("class_uid") * 100 + number("activity_id") {
        found.push("type_uid is class_uid * 100 + activity_id".to_owned());
    }
    found
}

const ORIGIN: Origin<'_> = Origin {
    ledger: "ldg_1",
    log: "baton.ledger/ldg_1/1",
    last_us: 1_748_955_900_000_000,
};

/// The entry of a golden file.
fn golden(name: &str) -> (Seen, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden/entry");
    let body = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    let said = body.strip_prefix(baton_domain::entry::PREFIX).unwrap();
    let said = serde_json::from_slice(said).unwrap();
    let entry = v1::LedgerEntry {
        position: 12,
        body: body.into(),
        leaf_hash: vec![7; 32].into(),
    };
    (Seen::entry(&entry), said)
}

#[test]
fn an_entry_of_every_kind_is_an_event_the_schema_takes() {
    let kinds = EntryKind::ALL.iter().map(|kind| kind.name());
    for name in kinds.chain(["verdict_denied", "verdict_failed"]) {
        let (seen, said) = golden(name);
        assert!(seen.kind.is_some(), "{name}");
        let event = event(&seen, &said, &ORIGIN);
        assert_eq!(check(&event), Vec::<String>::new(), "{name}: {event}");
        let text = event.to_string();
        let no_line = !text.contains('\n');
        assert!(no_line && event["metadata"]["sequence"] == 12, "{text}");
    }
}

#[test]
fn faults_and_what_was_dropped_are_events_the_schema_takes() {
    for position in [None, Some(7)] {
        let fault = Fault {
            kind: "leaf",
            position,
            message: "entry 7 does not hash to its leaf hash".to_owned(),
        };
        let event = finding(&fault, &ORIGIN);
        assert_eq!(check(&event), Vec::<String>::new(), "{event}");
        assert_eq!(event["severity_id"], 5);
    }
    let seen = Seen {
        position: 12,
        leaf: "07".repeat(32),
        dropped: true,
        ..Seen::default()
    };
    let event = event(&seen, &Value::Null, &ORIGIN);
    assert_eq!(check(&event), Vec::<String>::new(), "{event}");
}

#[test]
fn what_the_schema_does_not_take_is_found() {
    let (seen, said) = golden("fetched");
    let right = event(&seen, &said, &ORIGIN);
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut event = right.clone();
        change(&mut event);
        assert!(!check(&event).is_empty(), "{event}");
    };
    wrong(&|it| it["severity_id"] = 7.into());
    wrong(&|it| it["type_uid"] = 1.into());
    wrong(&|it| it["colour"] = "green".into());
    wrong(&|it| drop(it.as_object_mut().unwrap().remove("actor")));
    wrong(&|it| it["actor"] = json!({}));
    wrong(&|it| it["metadata"]["version"] = Value::Null);
}

#[test]
fn an_event_says_who_did_what_to_whom_and_names_nobody() {
    let (seen, said) = golden("fetched");
    let text = serde_json::to_string_pretty(&event(&seen, &said, &ORIGIN)).unwrap();
    insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "[version]"));
    let (seen, said) = golden("verdict_denied");
    let denied = event(&seen, &said, &ORIGIN);
    let told = ["severity_id", "status_id", "status_code"].map(|it| denied[it].to_string());
    assert_eq!(told, ["3", "2", "\"PERMISSION_DENIED\""]);
}
