//! When the disk runs low, only what takes rights away is done, and the operator is told.

use std::num::NonZeroU32;
use std::time::Duration;

use baton_store::DiskReserve;
use baton_wire::status::Reason;
use baton_wire::v1::{HoldReason, Role, SectionKind};
use tonic::Code;

use crate::harness::*;

const FULL: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'full' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON content FOR EACH ROW EXECUTE FUNCTION full_disk();";

impl Exchange {
    /// Starts again with a reserve that no disk of the machine has, or a database that is full.
    async fn run_low(&mut self) {
        self.stop().await;
        if self.home.is_postgres() {
            self.home.reserve.probe_after = Duration::MAX;
            self.home.tamper(FULL).await;
        } else {
            self.home.reserve.mib = NonZeroU32::MAX;
        }
        self.start(false).await.unwrap();
    }

    async fn make_room(&mut self) {
        self.stop().await;
        self.home.reserve = DiskReserve::default();
        if self.home.is_postgres() {
            self.home.tamper("DROP TRIGGER full_disk ON content").await;
        }
        self.start(false).await.unwrap();
    }
}

on_both_engines! {
    async fn under_the_reserve_a_child_can_be_withdrawn_and_redirected_and_nothing_else_is_done(exchange) {
        let of = exchange.open_move().await;
        let mut sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let mut receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let lost = exchange.person(&exchange.academy, &[Role::Senco]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let of_kind = (SectionKind::Health, "a report");
        let document = sender.add(&name, of_kind, b"a report").await.unwrap();
        let announced = sender.announce(&name, (SectionKind::Health, "staged"), b"staged");
        let staged = sender.begin(announced.clone()).await.unwrap().name;
        assert!(exchange.page("/ready").await.ends_with("ready\n"));

        exchange.run_low().await;
        (sender, receiver) = (sender.at(&exchange.door), receiver.at(&exchange.door));
        let size = exchange.size();
        let again = submission(&of, typical(2, of.point));
        let told = refused(sender.publish(again.clone()).await);
        assert_eq!((told.code, told.reason), (Code::ResourceExhausted, Reason::LedgerFull));
        assert_eq!(refused(receiver.get(&name).await).reason, Reason::LedgerFull);
        assert_eq!(refused(receiver.subscribe().await).reason, Reason::LedgerFull);
        assert_eq!(refused(sender.begin(announced).await).reason, Reason::LedgerFull);
        assert_eq!(refused(sender.send_chunk(&staged, 0, b"staged").await).reason, Reason::LedgerFull);
        assert_eq!(refused(sender.finalise(&staged).await).reason, Reason::LedgerFull);
        assert_eq!(exchange.size(), size, "who is turned away leaves no entry");
        let page = exchange.page("/ready").await;
        assert!(page.starts_with("HTTP/1.1 200"), "it still takes rights away: {page}");
        assert!(page.contains("the disk reserve is reached"), "{page}");
        assert!(exchange.page("/metrics").await.contains("baton_ledger_full"));

        sender.withdraw(&name).await.unwrap();
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        exchange.officer.revoke(&lost.credential).await.unwrap();
        assert_eq!(exchange.size(), size + 3);
        sender.remove_document(&document).await.unwrap();
        sender.remove_document(&staged).await.unwrap();

        exchange.make_room().await;
        sender = sender.at(&exchange.door);
        sender.publish(again).await.unwrap();
        assert!(exchange.page("/ready").await.ends_with("ready\n"));
    }

    async fn under_the_reserve_documents_go_one_by_one_with_their_kind_and_with_the_hold(exchange) {
        let of = exchange.open_move().await;
        let mut sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let mut documents = Vec::new();
        for (kind, chunks) in [(SectionKind::Health, 3), (SectionKind::Health, 1), (SectionKind::Send, 2)] {
            let file = plain("a report", chunks * CHUNK);
            let title = format!("{chunks} chunks");
            documents.push(sender.add(&name, (kind, &title), &file).await.unwrap());
        }
        let chunks = async |exchange: &Exchange| exchange.home.count("SELECT count(*) FROM chunk").await;
        exchange.run_low().await;
        sender = sender.at(&exchange.door);
        sender.hold(&of.name, HoldReason::Inquiry).await.unwrap();
        assert!(sender.remove_document(&documents[2]).await.unwrap());
        assert_eq!(chunks(exchange).await, 6, "the hold keeps it");
        let size = exchange.size();
        sender.hold(&of.name, HoldReason::Unspecified).await.unwrap();
        exchange.grown_to(size + 2).await;
        assert_eq!(chunks(exchange).await, 4, "the service does it by itself");
        sender.remove_document(&documents[1]).await.unwrap();
        assert_eq!(chunks(exchange).await, 3);
        sender.erase_kind(&of.name, SectionKind::Health).await.unwrap();
        assert_eq!(chunks(exchange).await, 0);
        exchange.make_room().await;
        exchange.verify_all().await;
    }
}
