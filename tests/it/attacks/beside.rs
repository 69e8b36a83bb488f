//! What lies beside a request: headers, paths, two proofs at once, and rights one gives oneself.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use tonic::metadata::AsciiMetadataKey;
use tonic::{Code, Request};

use super::Scene;
use crate::harness::*;

/// Headers that somewhere mean who calls, or for whom.
const HEADERS: [&str; 14] = [
    "x-baton-setting",
    "x-baton-roles",
    "x-parent",
    "x-forwarded-for",
    "x-forwarded-user",
    "x-forwarded-client-cert",
    "x-ssl-client-s-dn",
    "x-original-uri",
    "x-http-method-override",
    "x-real-ip",
    "forwarded",
    "cookie",
    "grpc-metadata-authorization",
    "proxy-authorization",
];

on_both_engines! {
    async fn what_lies_beside_a_request_makes_nobody_of_it(exchange) {
        let scene = Scene::of(exchange).await;
        let (holder, key) = exchange.key_holder(&scene.of.to, &[Role::Senco]).await;
        assert!(holder.get(&scene.profile).await.is_ok(), "the key is good");
        let ask = |who: &Caller| Request::new(v1::GetProfileRequest {
            parent: who.setting.clone(),
            name: who.mine(&scene.profile),
            kinds: Vec::new(),
        });
        let plain = scene.attacker.profiles().get_profile(ask(&scene.attacker)).await.unwrap_err();
        for header in HEADERS {
            for value in [scene.of.to.name.clone(), format!("Bearer {key}")] {
                let mut request = ask(&scene.attacker);
                let name = AsciiMetadataKey::from_bytes(header.as_bytes()).unwrap();
                request.metadata_mut().insert(name, value.parse().unwrap());
                let told = scene.attacker.profiles().get_profile(request).await.unwrap_err();
                assert_eq!(told.message(), plain.message(), "{header}");
                assert_eq!(told.details(), plain.details(), "{header}");
            }
        }
        // A stranger with such a header is a stranger.
        let nobody = Caller::nobody(&exchange.door).of(&scene.of.to.name, "");
        let mut request = ask(&nobody);
        request.metadata_mut().insert("x-forwarded-client-cert", "Subject=senco".parse().unwrap());
        let told = refused(nobody.profiles().get_profile(request).await);
        assert_eq!(told.reason, Reason::Unauthenticated);
        // Two keys in one call: neither is picked out.
        for keys in [[key.as_str(), "another"], ["another", &key], [&key, &key]] {
            let mut request = ask(&nobody);
            for key in keys {
                let value = format!("Bearer {key}").parse().unwrap();
                request.metadata_mut().append("authorization", value);
            }
            let told = refused(nobody.profiles().get_profile(request).await);
            assert_eq!(told.reason, Reason::Unauthenticated);
        }
        scene.stands(exchange).await;
    }

    async fn there_is_one_way_to_write_a_method(exchange) {
        let scene = Scene::of(exchange).await;
        for method in [
            "ProfileService/getprofile",
            "profileservice/GetProfile",
            "ProfileService//GetProfile",
            "ProfileService/GetProfile/",
            "ProfileService/../ProfileService/GetProfile",
            "ProfileService/GetProfile%20",
            "ProfileService/Get%50rofile",
            "AuditService/ProfileService/GetProfile",
        ] {
            let told = raw(&scene.receiver, method, bytes::Bytes::new()).await;
            let code = told.map(drop).map_err(|status| status.code());
            assert_eq!(code, Err(Code::Unimplemented), "{method}");
        }
        scene.stands(exchange).await;
    }

    async fn nobody_gives_themselves_rights(exchange) {
        let scene = Scene::of(exchange).await;
        let papers = Papers::new();
        for who in [&scene.attacker, &scene.sender, &scene.receiver] {
            for setting in [&who.setting, &scene.of.to.name, &exchange.officer.setting] {
                let told = refused(who.issue(setting, &[Role::Dsl], &papers.spki, 0).await);
                assert_eq!(told.reason, Reason::PermissionDenied);
                let told = refused(who.revoke(&scene.receiver.credential).await);
                assert_eq!(told.reason, Reason::PermissionDenied);
            }
            let redirected = who.redirect(&scene.of.name, &scene.own.from, "2026-03-09").await;
            if who.setting != scene.sender.setting {
                assert_eq!(refused(redirected).reason, Reason::PermissionDenied);
            }
        }
        // Roles that are nobody's to give are none of the contract's.
        for role in [0, 99, -1, i32::MAX] {
            let request = v1::IssueCredentialRequest {
                parent: exchange.officer.setting.clone(),
                setting: scene.of.to.name.clone(),
                label: "of a test".to_owned(),
                roles: vec![role],
                certificate_spki_sha256: papers.spki.to_vec().into(),
                request_id: fresh(),
                ..Default::default()
            };
            let told = refused(exchange.officer.settings().issue_credential(request).await);
            assert_eq!(told.reason, Reason::InvalidRequest, "{role}");
        }
        let nobody = Caller::with_papers(&exchange.door, &papers).of(&scene.of.to.name, "");
        assert_eq!(refused(nobody.get(&scene.profile).await).reason, Reason::Unauthenticated);
    }
}
