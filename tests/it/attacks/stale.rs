//! What a vendor keeps of a delegation that is over: tokens, leases, open calls, names and requests.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};

use super::Scene;
use crate::delegations::ALL;
use crate::harness::*;

on_both_engines! {
    async fn nothing_a_vendor_kept_is_good_for_anything_once_it_is_over(exchange) {
        let scene = Scene::of(exchange).await;
        let of = &scene.of;
        let vendor = exchange.vendor("example-mis").await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let sending = exchange.person(&of.from, &[Role::Publisher]).await;
        head.lets(&vendor, ALL).await.unwrap();
        sending.lets(&vendor, ALL).await.unwrap();
        let client = exchange.client(&vendor, &of.to).await;
        let subscription = client.subscribe().await.unwrap();
        let turn = client.pull(&subscription, "").await.unwrap();
        assert!(!turn.items.is_empty());
        let page = v1::ListTransitionsRequest {
            parent: client.setting.clone(),
            page_size: 1,
            ..Default::default()
        };
        exchange.open_move().await;
        let first = client.transitions().list_transitions(page.clone()).await.unwrap().into_inner();
        assert_ne!(first.next_page_token, "");
        let answered = client.acknowledge(&scene.profile, 1).await;
        answered.unwrap();
        head.lets_no_more("", &vendor).await.unwrap();

        let credential = client.credential.clone();
        // Its connection is open, its credential good: by the vendor's own name, by the sender's, for
        // which it acts still, and by that of the setting it acted for.
        let itself = client.clone().of(&vendor.name, &credential);
        let other = client.clone().of(&of.from.name, &credential);
        other.transition(&of.name).await.expect("there it is in force");
        for who in [&client, &itself] {
            let before = exchange.size();
            let mut asked = 0;
            let mut denied = |what: &str, answer: Answer<()>| {
                asked += 1;
                assert_eq!(refused(answer).reason, Reason::PermissionDenied, "{what}");
            };
            denied("pull", who.pull(&subscription, &turn.token).await.map(drop));
            denied("get", who.get(&scene.profile).await.map(drop));
            denied("status", who.transition(&of.name).await.map(drop));
            denied("acknowledge", who.acknowledge(&scene.profile, 1).await.map(drop));
            denied("publish", who.publish(submission(of, typical(3, of.point))).await.map(drop));
            assert_eq!(exchange.size() - before, asked, "each is entered");
        }
        assert_eq!(refused(client.lets(&vendor, ALL).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(itself.lets(&vendor, ALL).await).reason, Reason::VendorTakesNoPart);
        // Somebody else's names under a setting it acts for are nobody's there.
        let told = refused(other.pull(&subscription, &turn.token).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        let theirs = v1::GetProfileRequest {
            parent: of.from.name.clone(),
            name: client.mine(&scene.profile),
            kinds: vec![SectionKind::Identity.into()],
        };
        // The one it acts for is the one `parent` names: as the sender's it sees what the sender sees.
        let got = other.profiles().get_profile(theirs).await.unwrap().into_inner();
        assert!(got.name.starts_with(&of.from.name), "{}", got.name);
        let next = v1::ListTransitionsRequest { page_token: first.next_page_token, ..page };
        let told = refused(client.transitions().list_transitions(next).await);
        assert_eq!(told.reason, Reason::PermissionDenied);
        scene.stands(exchange).await;
    }

    async fn a_document_is_read_no_further_once_it_is_over(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let file = vec![b'a'; 12 * 1024 * 1024];
        let document = sender.add(&name, (SectionKind::Attainment, "marks"), &file).await.unwrap();
        let vendor = exchange.vendor("example-mis").await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        head.lets(&vendor, ALL).await.unwrap();
        let client = exchange.client(&vendor, &of.to).await;
        let mine = v1::DownloadDocumentRequest {
            parent: client.setting.clone(),
            name: client.mine(&document),
            ..Default::default()
        };
        let mut stream = client.documents().download_document(mine).await.unwrap().into_inner();
        stream.message().await.unwrap().expect("its first chunk");
        head.lets_no_more("", &vendor).await.unwrap();
        let mut ended = None;
        for _ in 0..14 {
            match stream.message().await {
                Ok(Some(_)) => {}
                other => {
                    ended = Some(other.map(drop).map_err(|status| status.code()));
                    break;
                }
            }
        }
        assert_eq!(ended, Some(Err(tonic::Code::PermissionDenied)));
    }
}
