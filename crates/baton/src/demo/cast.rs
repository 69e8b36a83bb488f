//! Who plays: settings of a made-up council, and a caller for each role.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use aws_lc_rs::digest::{SHA256, digest};
use baton_client::Client;
use baton_domain::route::Point;
use baton_wire::v1;

use super::stage::Stage;
use crate::connection::ConnectionFile;
use crate::pki::{self, Pair};

/// One setting of the play.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// Short name, also of its connection folder.
    pub(super) key: &'static str,
    kind: v1::SettingKind,
    name: &'static str,
    town: &'static str,
    /// Scheme and value of the code it is known by.
    pub(super) code: (&'static str, &'static str),
    /// The point it sends at, if any.
    pub(super) sends: Option<Point>,
    /// The point it receives at, if any.
    pub(super) receives: Option<Point>,
}

const fn part(
    key: &'static str,
    kind: v1::SettingKind,
    (name, town): (&'static str, &'static str),
    code: (&'static str, &'static str),
    (sends, receives): (Option<Point>, Option<Point>),
) -> Part {
    Part {
        key,
        kind,
        name,
        town,
        code,
        sends,
        receives,
    }
}

const EARLY: Point = Point::EarlyYearsToPrimary;
const SECONDARY: Point = Point::PrimaryToSecondary;
const POST_16: Point = Point::SecondaryToPost16;
const ADULT: Point = Point::Post16ToAdult;

/// Codes are of the right shape and in no register.
pub(super) const PARTS: [Part; 12] = {
    use v1::SettingKind as K;
    [
        part(
            "nursery-1",
            K::Nursery,
            ("Example Lane Nursery", "Exampleton"),
            ("ofsted-ey", "EY999901"),
            (Some(EARLY), None),
        ),
        part(
            "nursery-2",
            K::Nursery,
            ("Example Green Pre-school", "Sampleby"),
            ("ofsted-ey", "EY999902"),
            (Some(EARLY), None),
        ),
        part(
            "childminder-1",
            K::Childminder,
            ("Childminder one", "Exampleton"),
            ("ofsted-ey", "EY999903"),
            (Some(EARLY), None),
        ),
        part(
            "primary-1",
            K::School,
            ("Example Brook Primary School", "Exampleton"),
            ("gias", "199901"),
            (Some(SECONDARY), Some(EARLY)),
        ),
        part(
            "primary-2",
            K::School,
            ("Sample Hill Primary School", "Sampleby"),
            ("gias", "199902"),
            (Some(SECONDARY), Some(EARLY)),
        ),
        part(
            "secondary-1",
            K::School,
            ("Example Park School", "Exampleton"),
            ("gias", "199903"),
            (Some(POST_16), Some(SECONDARY)),
        ),
        part(
            "secondary-2",
            K::School,
            ("Sample Valley School", "Sampleby"),
            ("gias", "199904"),
            (Some(POST_16), Some(SECONDARY)),
        ),
        part(
            "college-1",
            K::College,
            ("Example College", "Exampleton"),
            ("ukprn", "19999901"),
            (Some(ADULT), Some(POST_16)),
        ),
        part(
            "college-2",
            K::College,
            ("Sample Sixth Form College", "Sampleby"),
            ("ukprn", "19999902"),
            (None, Some(POST_16)),
        ),
        part(
            "adult-services",
            K::AdultSocialCare,
            ("Example Adult Social Care", "Exampleton"),
            ("baton-local", "adult-services-1"),
            (None, Some(ADULT)),
        ),
        part(
            "adult-services-2",
            K::AdultSocialCare,
            ("Sample Adult Social Care", "Sampleby"),
            ("baton-local", "adult-services-2"),
            (None, Some(ADULT)),
        ),
        part(
            "stranger",
            K::School,
            ("Elsewhere School", "Elsewhere"),
            ("gias", "199905"),
            (None, None),
        ),
    ]
};

/// A caller of the play.
pub(super) struct Person {
    pub(super) client: Client,
    pub(super) setting: String,
    pair: Pair,
}

/// Everybody, by `setting/role`.
pub(super) struct Cast {
    people: BTreeMap<String, Person>,
    /// Resource names of the settings, by key.
    pub(super) names: BTreeMap<&'static str, String>,
}

impl Cast {
    pub(super) async fn assemble(stage: &Stage) -> anyhow::Result<Self> {
        let pair = pki::caller("first officer")?;
        let made = stage
            .newcomer()
            .await?
            .bootstrap(v1::BootstrapRequest {
                council: Some(v1::Setting {
                    kind: v1::SettingKind::Council.into(),
                    display_name: "Example Council".to_owned(),
                    council: "351".to_owned(),
                    identifiers: vec![code("baton-local", "council-351")],
                    ..Default::default()
                }),
                certificate_spki_sha256: pair.spki_sha256.to_vec().into(),
                agreement: Some(signed()),
            })
            .await
            .context("making the first officer")?;
        let council = made.council.context("the answer names no council")?.name;
        let officer = stage.client(&pair, &council).await?;
        let names = import(&officer).await?;
        let mut cast = Self {
            people: BTreeMap::new(),
            names,
        };
        let officer = Person {
            client: officer,
            setting: council,
            pair,
        };
        cast.people.insert("council/officer".to_owned(), officer);
        cast.issue_all(stage).await?;
        Ok(cast)
    }

    async fn issue_all(&mut self, stage: &Stage) -> anyhow::Result<()> {
        use v1::Role::{Auditor, DataManager, Dsl, Publisher, ReceiverLead, Senco};
        let council = self.person("council/officer").setting.clone();
        self.issue(stage, "council/auditor", &council, &[Auditor])
            .await?;
        for part in PARTS {
            let setting = self.names[part.key].clone();
            if part.sends.is_some() {
                let as_sender = format!("{}/sender", part.key);
                self.issue(stage, &as_sender, &setting, &[Publisher, Dsl])
                    .await?;
            }
            let as_lead = format!("{}/lead", part.key);
            self.issue(stage, &as_lead, &setting, &[ReceiverLead, Senco, Dsl])
                .await?;
            let as_data = format!("{}/data", part.key);
            self.issue(stage, &as_data, &setting, &[DataManager])
                .await?;
        }
        Ok(())
    }

    async fn issue(
        &mut self,
        stage: &Stage,
        key: &str,
        setting: &str,
        roles: &[v1::Role],
    ) -> anyhow::Result<()> {
        let pair = pki::caller(key)?;
        let request = v1::IssueCredentialRequest {
            setting: setting.to_owned(),
            label: key.to_owned(),
            roles: roles.iter().map(|role| i32::from(*role)).collect(),
            certificate_spki_sha256: pair.spki_sha256.to_vec().into(),
            ..Default::default()
        };
        self.person("council/officer")
            .client
            .issue_credential(request)
            .await?;
        let client = stage.client(&pair, setting).await?;
        let person = Person {
            client,
            setting: setting.to_owned(),
            pair,
        };
        self.people.insert(key.to_owned(), person);
        Ok(())
    }

    /// One of the cast. Keys are written in this module and its siblings only.
    pub(super) fn person(&self, key: &str) -> &Person {
        &self.people[key]
    }

    pub(super) fn settings(&self) -> usize {
        self.names.len() + 1
    }

    /// Writes a connection folder for each setting's lead and sender, the officer and the auditor.
    pub(super) fn leave_connections(&self, stage: &Stage) -> anyhow::Result<()> {
        for (key, person) in &self.people {
            let folder = match key.as_str() {
                "council/officer" => "officer".to_owned(),
                "council/auditor" => "auditor".to_owned(),
                key => match key.strip_suffix("/lead") {
                    Some(key) => key.to_owned(),
                    None => key.replace('/', "-"),
                },
            };
            let folder = stage.folder().join("connections").join(folder);
            std::fs::create_dir_all(&folder)?;
            pki::write_private(&folder.join("service.pem"), stage.service_certificate())?;
            pki::write_private(&folder.join("cert.pem"), &person.pair.certificate)?;
            pki::write_private(&folder.join("key.pem"), &person.pair.key)?;
            let file = ConnectionFile {
                url: stage.url(),
                service_certificate: PathBuf::from("service.pem"),
                setting: person.setting.clone(),
                certificate: Some(PathBuf::from("cert.pem")),
                key: Some(PathBuf::from("key.pem")),
                api_key: None,
            };
            file.write(&folder.join("connection.toml"))?;
        }
        Ok(())
    }
}

pub(super) fn code(scheme: &str, value: &str) -> v1::SettingIdentifier {
    v1::SettingIdentifier {
        scheme: scheme.to_owned(),
        value: value.to_owned(),
    }
}

/// What everybody signs at joining.
fn signed() -> v1::SignedAgreement {
    let text = digest(&SHA256, b"The framework agreement of the play.");
    v1::SignedAgreement {
        version: "demo-1".to_owned(),
        text_sha256: text.as_ref().to_vec().into(),
        ..Default::default()
    }
}

async fn import(officer: &Client) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let settings = PARTS.iter().map(|part| v1::Setting {
        kind: part.kind.into(),
        display_name: part.name.to_owned(),
        council: "351".to_owned(),
        identifiers: vec![code(part.code.0, part.code.1)],
        town: part.town.to_owned(),
        state: v1::SettingState::Open.into(),
        ..Default::default()
    });
    let request = v1::ImportSettingsRequest {
        settings: settings.collect(),
        agreement: Some(signed()),
        ..Default::default()
    };
    let imported = officer.import_settings(request).await?;
    let names = PARTS.iter().zip(imported.settings).map(|(part, made)| {
        let setting = made
            .setting
            .with_context(|| format!("{} was refused", part.key))?;
        Ok((part.key, setting.name))
    });
    names.collect()
}
