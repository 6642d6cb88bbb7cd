//! Which test stands for which row of the catalogues that tokens and key sets are built by.
//!
//! - `J01` to `J36`: the attacks on tokens and key sets.
//! - `M01` to `M24`: the situations in which libraries for key sets differ.
//! - `rule 1` to `rule 35`: the checklist of a strict verifier of access tokens.
//!
//! Each row names a test of its own; others may stand for the same. The test's name or the comment
//! above it has the number of the row, so `grep -rn 'J07'` finds them all.

use std::{collections::BTreeMap, fs, path::Path};

const JWT: &str = "core/src/jwt/tests/mod.rs";
const FORM: &str = "core/src/jwt/tests/form.rs";
const OPTIONS: &str = "core/src/jwt/tests/options.rs";
const ISSUERS: &str = "core/src/jwt/tests/issuers.rs";
const CACHE: &str = "core/src/jwt/cache/tests.rs";
const JSON: &str = "core/src/json.rs";
const KEY_SET: &str = "core/src/key_set/tests.rs";
const RSA: &str = "core/src/crypto/rsa_key.rs";
const MACHINE: &str = "core/src/issuer/tests/mod.rs";
const MATRIX: &str = "core/src/issuer/tests/matrix.rs";
const PROPERTIES: &str = "core/src/issuer/tests/properties.rs";
const SETTINGS: &str = "core/src/issuer/tests/settings.rs";
const CREDENTIALS: &str = "core/src/guard/tests/credentials.rs";
const HOSTILE: &str = "runtime-hyper/tests/conformance/hostile.rs";
const VECTORS: &str = "tests/suite/vectors.rs";

/// The row, what it is about, and a test for it.
#[rustfmt::skip]
const ROWS: [(&str, &str, &str, &str); 105] = [
    ("J01", "no algorithm", JWT, "refuses_every_algorithm_but_the_allowed_one"),
    ("J02", "public key as HMAC secret", JWT, "refuses_every_algorithm_but_the_allowed_one"),
    ("J03", "another algorithm of the family", JWT, "refuses_every_algorithm_but_the_allowed_one"),
    ("J04", "key in the header", JWT, "refuses_header_members_that_change_the_meaning"),
    ("J05", "hostile key ids", JWT, "refuses_odd_key_ids_before_any_lookup"),
    ("J06", "flood of unknown key ids", HOSTILE, "a_flood_of_unknown_keys_causes_one_fetch"),
    ("J06", "the same, by the clock", MACHINE, "unknown_keys_cause_one_fetch_for_each_cool_down"),
    ("J07", "flood during an outage", SETTINGS, "a_flood_during_an_outage_keeps_to_the_pauses"),
    ("J08", "honest rotation", HOSTILE, "follows_rotations"),
    ("J08", "rotation right after the start", MACHINE, "a_rotation_right_after_the_first_fetch_is_seen"),
    ("J09", "outage of the key set", HOSTILE, "outlives_a_server_that_stalls"),
    ("J09", "the same, any interleaving", PROPERTIES, "keeps_its_invariants_under_any_interleaving"),
    ("J10", "poisoned key set", HOSTILE, "outlives_a_server_that_redirects"),
    ("J10", "the same, by the answer", MACHINE, "a_useless_answer_never_replaces_a_good_set"),
    ("J11", "one key id, two keys", KEY_SET, "two_keys_of_one_name_are_ambiguous"),
    ("J12", "hostile keys", KEY_SET, "leaves_odd_keys_out_and_says_why"),
    ("J13", "symmetric key in the set", KEY_SET, "leaves_odd_keys_out_and_says_why"),
    ("J14", "duplicate members", JWT, "refuses_duplicate_members"),
    ("J15", "deep nesting", JSON, "bounds_depth_members_and_length"),
    ("J16", "flood of dots", JWT, "bounds_the_work"),
    ("J17", "large segments", JWT, "bounds_the_work"),
    ("J18", "loose base64url", JWT, "refuses_every_other_spelling_of_a_token"),
    ("J19", "JSON serialisation", JWT, "refuses_every_other_spelling_of_a_token"),
    ("J20", "critical extensions", JWT, "refuses_header_members_that_change_the_meaning"),
    ("J21", "wrong claim types", JWT, "refuses_registered_claims_of_a_wrong_type"),
    ("J22", "edges of time", JWT, "keeps_the_edges_of_time"),
    ("J23", "audience", JWT, "refuses_other_audiences"),
    ("J24", "issuer", JWT, "refuses_other_issuers"),
    ("J24", "tenant with the same keys", ISSUERS, "a_tenant_with_the_same_keys_is_another_issuer"),
    ("J25", "another kind of token", JWT, "refuses_other_kinds_of_tokens"),
    ("J26", "encrypted token", FORM, "refuses_encrypted_tokens"),
    ("J27", "shape of the signature", JWT, "refuses_signatures_of_another_shape"),
    ("J27", "forged paddings", VECTORS, "rsa_pkcs1_2048_sha256"),
    ("J28", "remembered tokens", CACHE, "a_cache_never_changes_an_answer"),
    ("J28", "remembered and expired", CACHE, "a_remembered_token_expires"),
    ("J28", "remembered, and its key gone", CACHE, "a_remembered_token_goes_with_its_key"),
    ("J28", "the same, over sockets", HOSTILE, "a_remembered_token_goes_with_its_key"),
    ("J28", "remembered elsewhere", CACHE, "nothing_is_shared_between_policies"),
    ("J29", "several credentials", CREDENTIALS, "j29_several_credentials_are_refused"),
    ("J30", "scheme and blanks", CREDENTIALS, "j30_credentials_are_parsed_to_the_letter"),
    ("J31", "optional authentication", CREDENTIALS, "j31_optional_authentication_lets_no_bad_credentials_through"),
    ("J32", "order of the checks", SETTINGS, "the_answer_does_not_tell_what_is_wrong"),
    ("J33", "time that a refusal takes", SETTINGS, "refusals_do_not_wait_within_the_cool_down"),
    ("J34", "names of claims", FORM, "a_claim_is_found_by_its_path"),
    ("J35", "corners of ECDSA", VECTORS, "ecdsa_p256_sha256"),
    ("J36", "key of another tenant", ISSUERS, "a_key_of_the_same_name_is_another_key_at_another_issuer"),
    ("M01", "unknown key id, warm", MATRIX, "m01_an_unknown_key_id_causes_one_refresh_for_each_cool_down"),
    ("M02", "no key id", MATRIX, "m02_a_token_without_a_key_id_is_good_where_there_is_one_key"),
    ("M03", "key id that is no text", MATRIX, "m03_a_key_id_that_is_no_string_is_refused_before_any_look_up"),
    ("M04", "key id twice", MATRIX, "m04_a_key_id_that_stands_twice_is_ambiguous_in_either_order"),
    ("M05", "rotation", MATRIX, "m05_a_rotation_is_seen_and_a_removed_key_is_out"),
    ("M06", "down, cold", MATRIX, "m06_an_outage_at_the_start_is_503_and_paced"),
    ("M07", "down, expired", MATRIX, "m07_an_expired_set_is_used_up_to_a_bound_while_the_endpoint_is_down"),
    ("M08", "500, 302, HTML", MATRIX, "m08_an_error_a_redirect_or_a_page_keeps_the_old_set"),
    ("M09", "200 with nothing in it", MATRIX, "m09_an_empty_set_does_not_replace_a_good_one"),
    ("M10", "bad entry", MATRIX, "m10_a_bad_entry_is_skipped_and_the_rest_is_used"),
    ("M11", "body without an end", MATRIX, "m11_an_answer_that_never_comes_is_given_up_at_the_deadline"),
    ("M12", "slow drip", MATRIX, "m12_a_drip_ends_at_the_deadline_too"),
    ("M13", "large body", MATRIX, "m13_bytes_and_keys_are_capped"),
    ("M14", "misses of one key id at once", MATRIX, "m14_misses_of_one_key_id_share_a_flight"),
    ("M15", "misses of many at once", MATRIX, "m15_misses_of_many_key_ids_share_a_flight"),
    ("M16", "two good key ids", MATRIX, "m16_two_good_key_ids_take_one_fetch"),
    ("M17", "limit for a minute", MATRIX, "m17_the_limit_of_a_minute_does_not_touch_a_known_key"),
    ("M18", "Cache-Control", MATRIX, "m18_cache_control_counts_within_bounds"),
    ("M19", "ETag", MATRIX, "m19_an_entity_tag_saves_the_body"),
    ("M20", "negative caching", MATRIX, "m20_unknown_key_ids_take_no_memory"),
    ("M21", "use and key_ops", MATRIX, "m21_use_and_key_ops_both_count"),
    ("M22", "algorithm of the key", MATRIX, "m22_the_algorithm_of_a_key_must_be_that_of_the_token"),
    ("M23", "private key", MATRIX, "m23_a_private_key_is_skipped_with_an_alarm"),
    ("M24", "short RSA key", MATRIX, "m24_a_short_rsa_key_is_skipped"),
    ("rule 1", "length", OPTIONS, "the_length_can_be_set_up_to_a_bound"),
    ("rule 2", "three segments", JWT, "refuses_every_other_spelling_of_a_token"),
    ("rule 3", "strict base64url", JWT, "refuses_every_other_spelling_of_a_token"),
    ("rule 4", "no empty part", FORM, "refuses_empty_parts"),
    ("rule 5", "the received bytes are signed", FORM, "the_signed_text_is_the_one_that_came"),
    ("rule 6", "strict header", FORM, "refuses_headers_that_two_parsers_could_read_differently"),
    ("rule 7", "allowed algorithms", JWT, "refuses_every_algorithm_but_the_allowed_one"),
    ("rule 8", "one key, one algorithm", KEY_SET, "a_key_is_for_one_algorithm"),
    ("rule 9", "crit", JWT, "refuses_header_members_that_change_the_meaning"),
    ("rule 10", "b64", JWT, "refuses_header_members_that_change_the_meaning"),
    ("rule 11", "keys in the header", JWT, "refuses_header_members_that_change_the_meaning"),
    ("rule 12", "members of other tokens", JWT, "refuses_header_members_that_change_the_meaning"),
    ("rule 13", "typ", JWT, "refuses_other_kinds_of_tokens"),
    ("rule 14", "kid", JWT, "refuses_odd_key_ids_before_any_lookup"),
    ("rule 15", "strict payload", FORM, "refuses_payloads_that_two_parsers_could_read_differently"),
    ("rule 16", "exp is required", OPTIONS, "a_token_must_expire"),
    ("rule 17", "nbf, iat, lifetimes", OPTIONS, "the_dates_must_be_in_order"),
    ("rule 18", "forms of dates, tolerance", OPTIONS, "the_tolerance_has_an_upper_bound"),
    ("rule 19", "null is not absent", JWT, "refuses_registered_claims_of_a_wrong_type"),
    ("rule 20", "iss", JWT, "refuses_other_issuers"),
    ("rule 21", "keys belong to their issuer", ISSUERS, "each_issuer_has_its_own_keys_and_its_own_audience"),
    ("rule 22", "aud", JWT, "refuses_other_audiences"),
    ("rule 23", "clients, scopes, permissions", OPTIONS, "clients_can_be_listed"),
    ("rule 24", "ID token as access token", OPTIONS, "marks_of_an_id_token_can_be_allowed"),
    ("rule 25", "claims of the same parse", FORM, "the_claims_are_those_that_were_checked"),
    ("rule 26", "keys of a set", KEY_SET, "leaves_odd_keys_out_and_says_why"),
    ("rule 27", "RSA numbers", RSA, "refuses_hostile_rsa_keys"),
    ("rule 28", "certificates are not read", KEY_SET, "certificates_are_not_looked_at"),
    ("rule 29", "range of a signature", JWT, "refuses_signatures_of_another_shape"),
    ("rule 30", "padding as a whole", VECTORS, "rsa_pkcs1_2048_sha256"),
    ("rule 31", "another hash or scheme", VECTORS, "rsa_pkcs1_2048_sha256"),
    ("rule 32", "Authorization", CREDENTIALS, "j30_credentials_are_parsed_to_the_letter"),
    ("rule 33", "remembered tokens", CACHE, "the_oldest_tokens_make_room"),
    ("rule 34", "nothing in texts", FORM, "nothing_that_is_printed_shows_a_claim_or_a_token"),
    ("rule 35", "clocks", CACHE, "a_clock_that_goes_back_is_believed"),
];

/// How far above a test its row may be named, in lines.
const REACH: usize = 8;

#[test]
fn every_row_has_its_test() {
    let mut files = BTreeMap::new();
    for (row, about, file, test) in ROWS {
        let text = files.entry(file).or_insert_with(|| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
        });
        let lines: Vec<&str> = text.lines().collect();
        let defines = |line: &&str| {
            let line = line.trim_start();
            [format!("fn {test}("), format!("fn {test}<"), format!("{test}:")]
                .iter()
                .any(|definition| line.trim_start_matches("pub(crate) ").starts_with(definition))
        };
        let at = lines.iter().position(defines);
        let at = at.unwrap_or_else(|| panic!("{row}, {about}: no test {test} in {file}"));
        let above = lines[at.saturating_sub(REACH)..=at].join("\n").to_lowercase();
        assert!(names(&above, &row.to_lowercase()), "{row}, {about}: {test} does not name it");
    }
}

/// Whether `text` has `row` as a whole.
fn names(text: &str, row: &str) -> bool {
    text.match_indices(row).any(|(at, _)| {
        let is_part = |character: char| character.is_ascii_alphanumeric();
        let after = text[at + row.len()..].chars().next();
        let before = text[..at].chars().next_back();
        !after.is_some_and(is_part) && !before.is_some_and(is_part)
    })
}

#[test]
fn no_row_is_left_out() {
    let rows = (1..=36).map(|number| format!("J{number:02}"));
    let rows = rows.chain((1..=24).map(|number| format!("M{number:02}")));
    for row in rows.chain((1..=35).map(|number| format!("rule {number}"))) {
        assert!(ROWS.iter().any(|(listed, ..)| *listed == row), "{row}");
    }
}

#[test]
fn a_row_is_named_as_a_whole() {
    for (text, row, named) in [
        ("j01, j02: text", "j02", true),
        ("rules 1 and 2", "rule 1", false),
        ("rule 12", "rule 1", false),
        ("rule 1", "rule 1", true),
        ("fn m01_text", "m01", true),
        ("fn xm01", "m01", false),
    ] {
        assert_eq!(names(text, row), named, "{text}");
    }
}
