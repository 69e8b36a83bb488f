//! Both are named: whose client it was, and for whom.

use baton_wire::v1::Role;

use super::{ALL, ROLES};
use crate::harness::*;

on_both_engines! {
    async fn who_saw_tells_the_vendor_and_the_setting_it_acted_for(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let vendor = exchange.vendor("example-mis").await;
        head.lets(&vendor, ALL).await.unwrap();
        let client = exchange.client(&vendor, &of.to).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let before = exchange.size();
        client.get(&name).await.unwrap();
        let line = exchange.one_since(before).await;
        let id = |setting: &Setting| setting.name.rsplit('/').next().unwrap().to_owned();
        assert_eq!(line.text("caller/setting"), id(&of.to));
        assert_eq!(line.text("caller/vendor"), id(&vendor));
        lead.get(&name).await.unwrap();
        let seen = sender.who_saw(&of.name).await.unwrap();
        let fetched: Vec<_> = seen.iter().filter(|it| it.act == "fetched").collect();
        let [by_client, by_lead] = fetched.as_slice() else { panic!("{seen:?}") };
        assert_eq!(by_client.setting, of.to.name);
        assert_eq!(by_client.vendor, vendor.name);
        assert_eq!(by_client.vendor_display_name, "Sample example-mis");
        assert_eq!(by_client.credential, client.credential, "by the name it was issued under");
        assert_eq!(by_client.roles().collect::<Vec<_>>(), ROLES);
        assert_eq!((by_lead.vendor.as_str(), by_lead.setting.as_str()), ("", of.to.name.as_str()));
        // Refused, it is named too.
        head.lets_no_more("", &vendor).await.unwrap();
        let before = exchange.size();
        refused(client.get(&name).await);
        assert_eq!(exchange.one_since(before).await.text("caller/vendor"), id(&vendor));
    }
}
