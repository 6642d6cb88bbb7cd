//! The types of other crates that the public API of the libraries speaks in.
//!
//! A new major version of such a crate is one of ours, so each type has a reason to be there. What
//! comes with Rust itself counts as ours. Hidden items count as private.

use crate::harness::skip;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const CORE: &str = "portcullis_core";
const HYPER: &str = "portcullis_hyper";
const SMOL: &str = "portcullis_smol";

/// What comes with Rust.
const STANDARD: [&str; 3] = ["alloc", "core", "std"];

/// The library, the other crate, which of its types and traits, and why.
type Allowed = (&'static str, &'static str, &'static [&'static str], &'static str);

#[rustfmt::skip]
const ALLOWED: &[Allowed] = &[
    (CORE, "serde_core", &["DeserializeOwned", "Serialize", "Serializer"],
        "claims become types of the application, and JSON again"),
    (HYPER, "axum_core",
        &["FromRequestParts", "IntoResponse", "OptionalFromRequestParts", "Response"],
        "extractors implement what axum asks for"),
    (HYPER, "bytes", &["Bytes"], "bodies come in pieces of it"),
    (HYPER, "http", &["Parts", "Request", "Response"],
        "what applications and layers are given, and give"),
    (HYPER, "http_body", &["Body", "Frame", "SizeHint"], "bodies are streams"),
    (HYPER, "hyper", &["Read", "ReadBufCursor", "Sleep", "Timer", "Write"],
        "what hyper asks of a runtime"),
    (HYPER, "rustls", &["ClientConfig"], "which TLS is spoken is for the user to say"),
    (HYPER, "rustls_pki_types", &["ServerName"], "who a peer must prove to be"),
    (HYPER, "serde_core", &["DeserializeOwned"], "an extractor gives claims as a type"),
    (HYPER, "tower_layer", &["Layer"], "layers of tower"),
    (HYPER, "tower_service", &["Service"], "services of tower"),
    (SMOL, "async_executor", &["Executor"], "what users of smol run tasks on"),
    (SMOL, "hyper", &["Read", "ReadBufCursor", "Sleep", "Timer", "Write"],
        "what hyper asks of a runtime"),
    (SMOL, "rustls", &["ClientConfig"], "part of the trait that it implements"),
    (SMOL, "rustls_pki_types", &["ServerName"], "part of the trait that it implements"),
];

/// A type or trait of another crate.
struct Foreign {
    of: String,
    name: String,
    path: String,
    /// One of the places where the library names it.
    at: String,
}

#[test]
fn the_public_api_speaks_in_listed_foreign_types_only() {
    if let Err(missing) = document() {
        return skip("public_api", &missing);
    }
    let mut wrong = Vec::new();
    for library in [CORE, HYPER, SMOL] {
        let found = foreign_types(library);
        let allowed = || ALLOWED.iter().filter(|(of, ..)| *of == library);
        for Foreign { of, name, path, at } in &found {
            if !allowed().any(|(_, other, names, _)| of == other && names.contains(&&**name)) {
                wrong.push(format!("{library} speaks in {path} at {at}, which is not listed"));
            }
        }
        for (_, of, names, _) in allowed() {
            for name in *names {
                if !found.iter().any(|foreign| foreign.of == *of && foreign.name == *name) {
                    wrong.push(format!("{library} does not speak in {name} of {of}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes what rustdoc knows of the libraries, with all their features, as JSON.
fn document() -> Result<(), String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO"))
        .args(["doc", "--locked", "--workspace", "--lib", "--no-deps", "--target-dir"])
        .arg(target())
        .current_dir(here.join(".."))
        .env("RUSTDOC", here.join("suite/public_api/rustdoc"))
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format=json")
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// The folder that this program was built in, where the dependencies are ready.
fn target() -> PathBuf {
    let program = env::current_exe().expect("a program");
    // It stands in `debug/deps`.
    program.ancestors().nth(3).expect("a folder").to_owned()
}

/// The types of other crates that the public items of a library name.
fn foreign_types(library: &str) -> Vec<Foreign> {
    let path = target().join("doc").join(format!("{library}.json"));
    let json =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let mut ids = BTreeMap::new();
    for item in json["index"].as_object().expect("items").values() {
        let inner = item["inner"].as_object().and_then(|inner| inner.values().next());
        let inner = inner.expect("an item is something");
        // Of the implementations, those that stand in the source.
        let is_written = inner["is_synthetic"] != true && inner["blanket_impl"].is_null();
        if item["crate_id"] == 0 && is_written {
            let file = item["span"]["filename"].as_str().unwrap_or_default();
            collect(inner, &format!("{file}:{}", item["span"]["begin"][0]), &mut ids);
        }
    }
    let foreign = ids.into_iter().filter_map(|(id, at)| {
        let item = &json["paths"][&id];
        let of = json["external_crates"][item["crate_id"].to_string()]["name"].as_str()?;
        let path: Vec<&str> = item["path"].as_array()?.iter().filter_map(Value::as_str).collect();
        let is_foreign = !STANDARD.contains(&of) && ![CORE, HYPER, SMOL].contains(&of);
        let name = (*path.last()?).to_owned();
        is_foreign.then(|| Foreign { of: of.to_owned(), name, path: path.join("::"), at })
    });
    foreign.collect()
}

/// Whatever names an item: a type, a trait in a bound, the target of a re-export.
fn collect(value: &Value, at: &str, ids: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::Number(id)) = members.get("id")
                && (members.contains_key("path") || members.contains_key("source"))
            {
                ids.entry(id.to_string()).or_insert_with(|| at.to_owned());
            }
            members.values().for_each(|value| collect(value, at, ids));
        }
        Value::Array(elements) => elements.iter().for_each(|value| collect(value, at, ids)),
        _ => {}
    }
}
