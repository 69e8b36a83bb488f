//! Items that came: told, written, acknowledged.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_client::{ClientError, Subscription};
use baton_wire::status::Reason;
use baton_wire::{json, v1};
use serde_json::{Map, Value};

use crate::commands::show::Ordered;
use crate::output::{Exit, Output};

/// Items of one turn. They come with their content in one answer, which has a limit.
pub(super) const ITEMS_MAX: i32 = 16;

/// Versions remembered as dealt with.
const DONE_MAX: usize = 10_000;

/// Where items go.
pub(super) struct Inbox {
    folder: Option<PathBuf>,
    /// Versions this run wrote and acknowledged: an item shows its profile as it stands now, so
    /// that three versions that came while nobody looked are three times the third.
    done: HashSet<(String, i32)>,
    acknowledge: bool,
    subscription: Subscription,
    output: Output,
    items: u64,
    written: u64,
    acknowledged: u64,
    refused: u64,
}

impl Inbox {
    pub(super) fn open(
        folder: Option<PathBuf>,
        acknowledge: bool,
        subscription: Subscription,
        output: Output,
    ) -> anyhow::Result<Self> {
        if let Some(folder) = &folder {
            make(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let (items, written, acknowledged, refused) = (0, 0, 0, 0);
        Ok(Self {
            folder,
            done: HashSet::new(),
            acknowledge,
            subscription,
            output,
            items,
            written,
            acknowledged,
            refused,
        })
    }

    /// Deals with one item; when this returns it is on disk.
    pub(super) async fn take(&mut self, item: v1::Item) -> anyhow::Result<()> {
        self.items += 1;
        let mut told = told(&item);
        let mut text = words(&item);
        match (item.kind(), &item.profile) {
            (v1::ItemKind::Profile, Some(profile)) if self.is_done(profile) => {
                text.push_str("  (as before)");
            }
            (v1::ItemKind::Profile, Some(profile)) => {
                if let Some(folder) = &self.folder {
                    let path = folder.join(file_name(profile)?);
                    write(&path, profile)?;
                    self.written += 1;
                    let _ = write!(text, "  → {}", path.display());
                    told.insert("file".to_owned(), path.display().to_string().into());
                }
                if self.acknowledge {
                    let done = self.acknowledge(profile).await?;
                    text.push_str(if done {
                        ", acknowledged"
                    } else {
                        ", not acknowledged"
                    });
                    told.insert("acknowledged".to_owned(), done.into());
                }
            }
            (v1::ItemKind::Closed, Some(profile)) => {
                let copies = self.copies(profile);
                text.extend(
                    copies
                        .iter()
                        .map(|copy| format!("\n  delete {}", copy.display())),
                );
                let copies = copies.iter().map(|it| it.display().to_string().into());
                told.insert("delete".to_owned(), Value::Array(copies.collect()));
            }
            _ => {}
        }
        self.output
            .result(&serde_json::json!({ "item": told }), || text);
        Ok(())
    }

    /// What was dealt with comes again, and need not be the same.
    pub(super) fn forget(&mut self) {
        self.done.clear();
    }

    fn is_done(&mut self, profile: &v1::Profile) -> bool {
        if self.done.len() >= DONE_MAX {
            self.done.clear();
        }
        !self.done.insert((profile.name.clone(), profile.version))
    }

    /// Tells the sender; false when the service refused, which ends nothing.
    async fn acknowledge(&mut self, profile: &v1::Profile) -> anyhow::Result<bool> {
        let refusal = match self
            .subscription
            .acknowledge(&profile.name, profile.version)
            .await
        {
            Ok(_) => {
                self.acknowledged += 1;
                return Ok(true);
            }
            // A later version stands; it comes as an item of its own.
            Err(ClientError::Failed {
                reason: Reason::VersionChanged,
                ..
            }) => return Ok(false),
            Err(error) if is_refusal(&error) => error,
            Err(error) => return Err(error.into()),
        };
        self.refused += 1;
        self.output.say(&format!(
            "{} was not acknowledged: {refusal}. Once that is mended it comes again under another \
             --name.",
            profile.name
        ));
        Ok(false)
    }

    /// Files of a profile that was closed.
    fn copies(&self, profile: &v1::Profile) -> Vec<PathBuf> {
        let Some(folder) = &self.folder else {
            return Vec::new();
        };
        let begins = format!("{}-v", id(&profile.name));
        let files = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|file| file.path());
        let mut copies: Vec<PathBuf> = files
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&begins))
            })
            .collect();
        copies.sort();
        copies
    }

    /// The sum.
    pub(super) fn finish(self) -> Exit {
        let Self {
            items,
            written,
            acknowledged,
            refused,
            ..
        } = self;
        let json = serde_json::json!({ "summary": {
            "items": items, "written": written, "acknowledged": acknowledged, "refused": refused,
        }});
        self.output.result(&json, || match items {
            0 => "nothing new".to_owned(),
            1 => format!("1 item, {written} written, {acknowledged} acknowledged"),
            _ => format!("{items} items, {written} written, {acknowledged} acknowledged"),
        });
        if refused == 0 {
            Exit::Done
        } else {
            Exit::SomeRefused
        }
    }
}

/// Whether the service has decided, and would decide the same again. After anything else the place
/// is not moved, so that what is not acknowledged comes again.
fn is_refusal(error: &ClientError) -> bool {
    match error {
        ClientError::Failed { reason, .. } => *reason != Reason::Internal,
        error => *error == ClientError::Denied,
    }
}

/// The profile as contract JSON, whole or not at all, for its owner only.
fn write(path: &Path, profile: &v1::Profile) -> anyhow::Result<()> {
    let json = json::write(profile).context("the profile is not of this contract")?;
    let text = serde_json::to_string_pretty(&Ordered::profile(&json))?;
    let next = path.with_extension("json.part");
    let made = || {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&next, path)?;
        // The name is on disk only with the folder.
        path.parent()
            .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    made().with_context(|| format!("{} cannot be written", path.display()))
}

/// Makes a folder and those above it. What is acknowledged lies in it, so their names are on disk
/// first.
fn make(folder: &Path) -> std::io::Result<()> {
    let made: Vec<&Path> = folder.ancestors().take_while(|it| !it.exists()).collect();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for folder in made {
        let above = folder.parent().filter(|it| !it.as_os_str().is_empty());
        File::open(above.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn file_name(profile: &v1::Profile) -> anyhow::Result<String> {
    let name: baton_wire::name::ProfileName = profile
        .name
        .parse()
        .context("the service named a profile in an unknown way")?;
    Ok(format!("{}-v{}.json", name.profile, profile.version))
}

fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

fn kind(item: &v1::Item) -> &'static str {
    item.kind().as_str_name().trim_start_matches("ITEM_KIND_")
}

fn point(item: &v1::Item) -> &'static str {
    item.point().as_str_name().trim_start_matches("POINT_")
}

fn kinds(profile: &v1::Profile) -> Vec<String> {
    let name = |kind: v1::SectionKind| {
        kind.as_str_name()
            .trim_start_matches("SECTION_KIND_")
            .to_ascii_lowercase()
    };
    profile.kinds().map(name).collect()
}

fn told(item: &v1::Item) -> Map<String, Value> {
    let mut told = Map::new();
    let mut put = |key: &str, value: Value| drop(told.insert(key.to_owned(), value));
    put("position", item.position.into());
    put("kind", kind(item).into());
    put("point", point(item).into());
    put("academic_year", item.academic_year.into());
    if let Some(profile) = &item.profile {
        put("profile", profile.name.as_str().into());
        if item.kind() == v1::ItemKind::Profile {
            put("version", profile.version.into());
            put("transition", profile.transition.as_str().into());
            put("contributor", profile.contributor.as_str().into());
            put("kinds", kinds(profile).into());
            put("provisional", profile.provisional.into());
        }
        if !profile.kept_until.is_empty() {
            put("kept_until", profile.kept_until.as_str().into());
        }
    }
    told
}

fn words(item: &v1::Item) -> String {
    let point = point(item).to_ascii_lowercase().replace('_', " ");
    let name = item
        .profile
        .as_ref()
        .map_or("", |profile| profile.name.as_str());
    match (item.kind(), &item.profile) {
        (v1::ItemKind::Profile, Some(profile)) => {
            let provisional = if profile.provisional {
                ", provisional"
            } else {
                ""
            };
            let kinds = kinds(profile).join(", ");
            format!(
                "{name} version {} ({point}{provisional}): {kinds}",
                profile.version
            )
        }
        (v1::ItemKind::Expires, Some(profile)) => format!(
            "{name} ({point}) is kept here until {}: take it over if you have not",
            profile.kept_until
        ),
        (v1::ItemKind::Closed, _) => format!(
            "{name} ({point}) was withdrawn or goes elsewhere: delete your copy, or tell the \
             sender why not"
        ),
        _ => format!(
            "entry {} ({point}): not available to you any more",
            item.position
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_fault_of_the_service_is_no_refusal() {
        let failed = |reason| ClientError::Failed {
            reason,
            violations: Vec::new(),
            incident: None,
        };
        assert!(is_refusal(&ClientError::Denied));
        assert!(is_refusal(&failed(Reason::WithdrawnAlready)));
        assert!(!is_refusal(&failed(Reason::Internal)));
        assert!(!is_refusal(&ClientError::Lost));
    }

    #[test]
    fn folders_are_made_wherever_they_are_named() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b/c");
        make(&deep).unwrap();
        make(&deep).unwrap();
        make(Path::new(".")).unwrap();
        for folder in [deep.as_path(), deep.parent().unwrap()] {
            let mode = fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn a_profile_is_written_for_its_owner_and_written_again() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("prf_1-v1.json");
        let profile = v1::Profile {
            version: 1,
            ..Default::default()
        };
        write(&path, &profile).unwrap();
        write(&path, &profile).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
