//! A file that proves one entry, and its check (C2SP tlog-proof).

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_client::{Client, ProofNote, portable_receipt};
use baton_domain::log::note::VerifierKey;
use baton_domain::log::portable::MAX_BYTES;
use baton_domain::log::{Checkpoint, Hash, PortableProof, leaf_hash};
use baton_wire::v1;
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::entries::{hex, page, words};
use super::export::newest;
use super::trust::{self, Witnesses};
use super::verify::key;
use crate::output::{Broken, Exit, Output, Wrong};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit prove 1042 --out act.tlog-proof
  baton audit prove 1042 --out act.tlog-proof --entry act.entry         for auditors
  baton audit prove settings/stg_…/profiles/prf_… --out published.tlog-proof
  baton audit prove settings/stg_…/transitions/trn_… --act acknowledged --out taken.tlog-proof
  baton audit prove --receipt receipt.json --out receipt.tlog-proof

The file shows offline, for good, that an entry stands in the ledger, and when it was signed: keep
it with your records, and check it with `baton audit verify-proof` or any program for C2SP
tlog-proof. By a name, the newest entry of that act is taken; finding it asks who saw it, which is
an entry, and is for auditors and for the setting that sent the profile. A receipt is JSON as the
contract writes it (ledgerId, position, leafHash, checkpoint …).")]
pub(crate) struct ProveArgs {
    /// Position of the entry; or a profile or a move, as `publish` and `status` name them.
    #[arg(required_unless_present = "receipt", conflicts_with = "receipt")]
    of: Option<String>,
    /// Which act of that profile or move: published, pulled (delivered), fetched, acknowledged,
    /// rejected, withdrawn, redirected …
    #[arg(long, default_value = "published", conflicts_with = "receipt")]
    act: String,
    /// A receipt, instead.
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
    /// Where to; never overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write the bytes of the entry, too. Needs the auditor's role.
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// The ledger's key, as the council publishes it (C2SP vkey); else the one the service names.
    #[arg(long, value_parser = key, value_name = "VKEY")]
    key: Option<VerifierKey>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit verify-proof act.tlog-proof --key 'baton.ledger/ldg_…/1+…'
  baton audit verify-proof act.tlog-proof --key 'baton.ledger/ldg_…/1+…' --entry act.entry

Asks no service. Without --entry it holds for the leaf hash that lies in the file: the entry itself
is for auditors. Ends with 1 if the proof does not hold.")]
pub(super) struct VerifyProofArgs {
    /// The proof.
    file: PathBuf,
    /// The ledger's key, as the council publishes it (C2SP vkey).
    #[arg(long, value_parser = key, value_name = "VKEY")]
    key: VerifierKey,
    /// Another key of the same ledger, as after it took a new one; may be given again.
    #[arg(long, value_parser = key, value_name = "VKEY")]
    also_key: Vec<VerifierKey>,
    #[command(flatten)]
    witnesses: Witnesses,
    /// The bytes of the entry; then what it says is shown.
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
}

/// A receipt as the contract's JSON has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    ledger_id: String,
    #[serde(default)]
    position: Number,
    #[serde(default)]
    time_us: Number,
    leaf_hash: String,
    #[serde(default)]
    checkpoint: String,
}

/// 64-bit numbers are texts in the JSON of Protocol Buffers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Number(i64),
}

impl Default for Number {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Number {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Number(value) => Some(*value),
        }
    }
}

pub(super) async fn run(args: ProveArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    if args.out.exists() {
        return Err(Wrong(format!("{} is there already", args.out.display())).into());
    }
    let (told, keys, _) = newest(client, args.key).await?;
    let key = trust::in_force(&keys)?;
    let (receipt, act) = match (&args.receipt, &args.of) {
        (Some(file), _) => (cosigned(read_receipt(file)?, &told, &keys), String::new()),
        (None, Some(of)) => find(client, of, &args.act, &key).await?,
        (None, None) => return Err(Wrong("which entry?".to_owned()).into()),
    };
    let mut proof = portable_receipt(client, "", &receipt, &keys)
        .await
        .map_err(|error| match error {
            baton_client::ReceiptError::Client(error) => anyhow::Error::from(error),
            other => Broken(format!("the ledger does not keep its word: {other}")).into(),
        })?;
    if let (false, Some(note)) = (act.is_empty(), ProofNote::of(&proof)) {
        proof.extra = Some(ProofNote { act, ..note }.to_bytes());
    }
    let leaf = Hash::try_from(receipt.leaf_hash.as_ref())?;
    if let Some(file) = &args.entry {
        write_entry(client, proof.index, &leaf, file).await?;
    }
    write_new(&args.out, proof.to_string().as_bytes())?;
    let json = json!({ "proof": {
        "file": args.out.display().to_string(), "position": proof.index,
        "leaf_hash": leaf.to_string(), "ledger": receipt.ledger_id, "key": key.to_string(),
    }});
    output.result(&json, || {
        format!(
            "{}: entry {} of {}; check it with --key '{key}'",
            args.out.display(),
            proof.index,
            key.name()
        )
    });
    Ok(Exit::Done)
}

/// A receipt of the entry that was named, and its act; by a position the act is not known.
async fn find(
    client: &Client,
    of: &str,
    act: &str,
    key: &VerifierKey,
) -> anyhow::Result<(v1::Receipt, String)> {
    let (position, act, time_us) = match of.parse::<u64>() {
        Ok(position) => {
            let position = i64::try_from(position);
            let position = position.map_err(|_| Wrong("there is no such position".into()))?;
            (position, String::new(), 0)
        }
        Err(_) => search(client, of, act).await?,
    };
    // Only now: the search is an entry, too.
    let (newest, keys, _) = newest(client, Some(key.clone())).await?;
    let request = v1::GetInclusionProofRequest {
        position,
        ..Default::default()
    };
    let leaf_hash = client.get_inclusion_proof(request).await?.leaf_hash;
    let receipt = v1::Receipt {
        ledger_id: newest.ledger_id.clone(),
        position,
        time_us,
        leaf_hash,
        checkpoint: newest.checkpoint.clone(),
        ..Default::default()
    };
    Ok((cosigned(receipt, &newest, &keys), act))
}

/// A receipt under the checkpoint that witnesses cosigned, where that covers its entry.
fn cosigned(
    receipt: v1::Receipt,
    told: &v1::GetCheckpointResponse,
    keys: &[VerifierKey],
) -> v1::Receipt {
    let covers = |it: &Checkpoint| i64::try_from(it.size).is_ok_and(|size| receipt.position < size);
    let note = &told.cosigned_checkpoint;
    match Checkpoint::open(note.as_bytes(), keys).ok().filter(covers) {
        Some(_) => v1::Receipt {
            checkpoint: note.clone(),
            ..receipt
        },
        None => receipt,
    }
}

/// Position, act and time of the newest entry of an act about a profile or a move.
async fn search(client: &Client, of: &str, act: &str) -> anyhow::Result<(i64, String, i64)> {
    let act = if act == "delivered" { "pulled" } else { act };
    let transition = if of.contains("/profiles/") {
        let request = v1::GetProfileRequest {
            name: of.to_owned(),
            ..Default::default()
        };
        client.get_profile(request).await?.transition
    } else {
        of.to_owned()
    };
    let mut request = v1::WhoSawRequest {
        transition,
        ..Default::default()
    };
    let mut newest = None;
    loop {
        let seen = client.who_saw(request.clone()).await?;
        let of_act = |it: &v1::Sighting| it.allowed && it.act == act;
        newest = seen.sightings.into_iter().rfind(of_act).or(newest);
        request.start = seen.next_start;
        if seen.next_start == 0 {
            break;
        }
    }
    let newest = newest.ok_or_else(|| {
        Wrong(format!(
            "nothing of it was {act}: `baton audit who-saw` tells what was done"
        ))
    })?;
    Ok((newest.position, newest.act, newest.time_us))
}

fn read_receipt(file: &Path) -> anyhow::Result<v1::Receipt> {
    let text = std::fs::read(file).map_err(|error| Wrong::unreadable(file, &error))?;
    let wrong = || Wrong(format!("{} is no receipt", file.display()));
    let receipt: Receipt = serde_json::from_slice(&text).map_err(|_| wrong())?;
    Ok(v1::Receipt {
        ledger_id: receipt.ledger_id,
        position: receipt.position.value().ok_or_else(wrong)?,
        time_us: receipt.time_us.value().ok_or_else(wrong)?,
        leaf_hash: STANDARD
            .decode(receipt.leaf_hash)
            .map_err(|_| wrong())?
            .into(),
        checkpoint: receipt.checkpoint,
        ..Default::default()
    })
}

async fn write_entry(
    client: &Client,
    position: u64,
    leaf: &Hash,
    file: &Path,
) -> anyhow::Result<()> {
    let entries = page(client, position, 1).await?;
    let entry = entries.first().context("the entry does not come")?;
    if entry.body.is_empty() {
        let say = "the body of this entry was dropped at the end of its retention";
        return Err(Broken(say.to_owned()).into());
    }
    if leaf_hash(&entry.body) != *leaf {
        return Err(Broken("the entry is not what the proof is about".to_owned()).into());
    }
    write_new(file, &entry.body)
}

fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::io::Write as _;
    let file = std::fs::File::create_new(path);
    let mut file = file.map_err(|error| {
        Wrong(format!(
            "{} cannot be written: {}",
            path.display(),
            error.kind()
        ))
    })?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// Checks a proof, asking nobody.
pub(super) fn verify(args: &VerifyProofArgs, output: Output) -> anyhow::Result<Exit> {
    args.witnesses.check()?;
    let read = |path: &Path| std::fs::read(path).map_err(|error| Wrong::unreadable(path, &error));
    let bytes = read(&args.file)?;
    let text = String::from_utf8(bytes)
        .ok()
        .filter(|text| text.len() <= MAX_BYTES);
    let proof = text.and_then(|text| text.parse::<PortableProof>().ok());
    let proof = proof.ok_or_else(|| {
        let file = args.file.display();
        Broken(format!(
            "{file} is no proof in the form of c2sp.org/tlog-proof@v1"
        ))
    })?;
    let note = ProofNote::of(&proof);
    let entry = args.entry.as_deref().map(read).transpose()?;
    let leaf = match &entry {
        Some(entry) => leaf_hash(entry),
        None => note.as_ref().and_then(ProofNote::leaf).ok_or_else(|| {
            Wrong("the file does not say of which entry: give the entry (--entry)".to_owned())
        })?,
    };
    let checkpoint = proof
        .verify(&leaf, &[&[args.key.clone()][..], &args.also_key].concat())
        .map_err(|error| Broken(format!("the proof does not hold: {error}")))?;
    if args.witnesses.are_asked() {
        args.witnesses.demand(&proof.checkpoint)?;
    }
    let said = entry.as_deref().and_then(super::entries::said);
    let json = json!({ "proved": {
        "origin": checkpoint.origin, "position": proof.index, "size": checkpoint.size,
        "root": hex(checkpoint.root.as_bytes()), "leaf_hash": leaf.to_string(), "entry": said,
        "unvouched": note,
    }});
    output.result(&json, || {
        let index = proof.index;
        let said = match (&said, &entry) {
            (Some(said), _) => format!("\n{}", words(i64::try_from(index).unwrap_or(0), said)),
            (None, Some(_)) => "\n(the entry is of another version)".to_owned(),
            (None, None) => format!("; its leaf hash is {leaf}"),
        };
        format!(
            "holds: entry {index} stands in {}, among {} that were signed{said}",
            checkpoint.origin, checkpoint.size
        )
    });
    Ok(Exit::Done)
}
