//! The OpenAPI document: made from the endpoints as they are served and the messages as they are written.
//!
//! Each endpoint describes itself beside its code; here come the parts that are alike everywhere: how a request is
//! proved, and which problems an endpoint answers with. Basis: issue 3, part G; design, section 6.

use skranke_protocol::problem::{MEDIA_TYPE, Problem, ProblemCode};
use skranke_protocol::proof;
use skranke_protocol::wire::SERVER_TIME;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, RefOr, ResponseBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::routes;

/// Problems of every request, whatever it asks for.
const ALWAYS: &[ProblemCode] = &[ProblemCode::MethodNotAllowed, ProblemCode::Unavailable];

/// Problems of every request that a device must prove.
const OF_A_DEVICE: &[ProblemCode] = &[
    ProblemCode::BadParameter,
    ProblemCode::NotAuthenticated,
    ProblemCode::ClockDifference,
    ProblemCode::ProofReplayed,
    ProblemCode::DeviceRevoked,
    ProblemCode::TooSlow,
    ProblemCode::TooLarge,
    ProblemCode::VersionNotSpoken,
];

/// Problems of a request with a JSON body.
const OF_A_BODY: &[ProblemCode] = &[
    ProblemCode::UndecodableBody,
    ProblemCode::UnsupportedMediaType,
];

/// Problems that only some endpoints answer with.
fn own_problems(operation: &str) -> &'static [ProblemCode] {
    match operation {
        "enrol" => &[
            ProblemCode::SignInRefused,
            ProblemCode::EnrolmentCodeUsed,
            ProblemCode::EnrolmentCodeExpired,
            ProblemCode::StateMismatch,
            ProblemCode::TooManyRequests,
        ],
        "sign_in" => &[
            ProblemCode::SignInRefused,
            ProblemCode::NoRole,
            ProblemCode::NotFound,
            ProblemCode::TooManyRequests,
        ],
        "begin" => &[ProblemCode::NotFound, ProblemCode::TooManyRequests],
        "renew" | "end_session" => &[ProblemCode::GrantNotValid, ProblemCode::TooManyRequests],
        "push" | "hand_over" => &[ProblemCode::StateMismatch, ProblemCode::TooManyRequests],
        "sealed" | "audit_take" => &[ProblemCode::TooManyRequests],
        "pull" => &[ProblemCode::EpochChanged, ProblemCode::StateMismatch],
        "lookup" | "audit_read" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::TooManyRequests,
        ],
        "profile_save" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::StateMismatch,
        ],
        "devices" => &[ProblemCode::GrantNotValid, ProblemCode::NotPermitted],
        "device_revoke" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::NotFound,
            ProblemCode::StateMismatch,
        ],
        "device_rekey" => &[ProblemCode::StateMismatch, ProblemCode::TooManyRequests],
        "lease_renew" => &[ProblemCode::GrantNotValid],
        "device_holdings" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::NotFound,
            ProblemCode::TooManyRequests,
        ],
        "held" => &[ProblemCode::GrantNotValid, ProblemCode::NotPermitted],
        "held_decide" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::NotFound,
        ],
        "scope_list" => &[ProblemCode::GrantNotValid, ProblemCode::NotPermitted],
        "scope_decide" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::NotFound,
        ],
        "attachment_fetch" => &[
            ProblemCode::GrantNotValid,
            ProblemCode::NotPermitted,
            ProblemCode::NotFound,
        ],
        "attachment_head" => &[ProblemCode::NotFound],
        "attachment_patch" => &[
            ProblemCode::NotFound,
            ProblemCode::StateMismatch,
            ProblemCode::ContentMismatch,
            ProblemCode::TooManyRequests,
        ],
        _ => &[],
    }
}

/// The document as it is served and committed, ending in a line break.
pub fn document() -> String {
    let text = described().to_pretty_json().unwrap_or_default();
    format!("{text}\n")
}

fn described() -> OpenApi {
    let (_, mut api) = routes::endpoints().split_for_parts();
    api.info = InfoBuilder::new()
        .title("Skranke, central store")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Every error is a problem document (RFC 9457). HTTP statuses speak of transport, sign-in, size and \
             undecodable bodies only; what becomes of a command stands in its verdict.",
        ))
        .build();
    let components = api.components.get_or_insert_default();
    components
        .schemas
        .insert(Problem::name().into_owned(), problem());
    for (name, header, what) in [
        (
            "device",
            proof::HEADER,
            "A DPoP proof (RFC 9449) signed by the device's key, with the claims bsh, htq, sub and tnt",
        ),
        (
            "person",
            "authorization",
            "`DPoP` and the access token of the person who works on the device",
        ),
    ] {
        let key = ApiKeyValue::with_description(header, what);
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(key));
        components
            .security_schemes
            .insert(name.to_owned(), scheme.into());
    }
    for path in api.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.head,
            &mut path.post,
            &mut path.put,
            &mut path.patch,
            &mut path.delete,
        ];
        for operation in operations.into_iter().flatten() {
            complete(operation);
        }
    }
    api
}

/// Adds to an operation the headers of every answer and the problems it answers with, by status.
fn complete(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            let time = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
                .description(Some("The server's time, to the millisecond"))
                .build();
            response.headers.insert(SERVER_TIME.to_owned(), time.into());
        }
    }
    let mut codes = problems(operation);
    codes.sort_by_key(|code| code.status());
    for group in codes.chunk_by(|one, other| one.status() == other.status()) {
        let lines = group
            .iter()
            .map(|code| format!("- `{}`: {}", code.code(), code.title()));
        let schema = Ref::from_schema_name(Problem::name());
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new()
            .description(lines.collect::<Vec<_>>().join("\n"))
            .content(MEDIA_TYPE, content)
            .build();
        let status = group.first().map_or(500, |code| code.status());
        operation
            .responses
            .responses
            .insert(status.to_string(), response.into());
    }
}

fn problems(operation: &Operation) -> Vec<ProblemCode> {
    let mut codes = ALWAYS.to_vec();
    // An endpoint without a sign-in names none; each of the others names the device at least.
    let proved = serde_json::to_value(&operation.security)
        .is_ok_and(|value| value.to_string().contains("device"));
    if proved {
        codes.extend(OF_A_DEVICE);
    }
    if operation.request_body.is_some() {
        codes.extend(OF_A_BODY);
    }
    codes.extend(own_problems(
        operation.operation_id.as_deref().unwrap_or_default(),
    ));
    codes
}

/// The problem document with every type there is.
fn problem() -> RefOr<Schema> {
    let mut schema = Problem::schema();
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        let types = ProblemCode::ALL.iter().map(|code| code.kind());
        let kind = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "What went wrong; a later server may know more of them",
            ))
            .examples(types);
        object.properties.insert("type".to_owned(), kind.into());
    }
    schema
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of the test itself, as for the window's generated files"
    )]
    fn the_committed_document_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        if std::env::var_os("SKRANKE_WRITE_GENERATED").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();

        assert!(
            committed == document(),
            "docs/openapi.json is old: run SKRANKE_WRITE_GENERATED=1 cargo test -p skranke-server openapi"
        );
    }

    #[test]
    fn every_endpoint_names_how_it_is_proved_and_what_can_go_wrong() {
        let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let mut named = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(operation["security"].is_array(), "{method} {path}");
                assert!(ids.insert(operation["operationId"].to_string()));
                for response in operation["responses"].as_object().unwrap().values() {
                    named.extend(codes(&response["description"]));
                }
            }
        }
        for code in ProblemCode::ALL {
            let is_named = named.contains(code.code());
            assert!(is_named, "no endpoint names {}", code.code());
        }
    }

    fn codes(description: &serde_json::Value) -> Vec<String> {
        let text = description.as_str().unwrap();
        let lines = text.lines().filter_map(|line| line.strip_prefix("- `"));
        lines
            .filter_map(|line| line.split_once('`'))
            .map(|(code, _)| code.to_owned())
            .collect()
    }
}
