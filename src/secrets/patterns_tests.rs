use super::*;

#[test]
fn what_looks_like_a_secret_is_hidden() {
    for (text, hidden) in [
        ("+db_password: s3cr3tvalue", "+db_password: [hidden]"),
        ("--token abcdefgh --x", "--token [hidden] --x"),
        ("{\"api_key\": \"abcd1234\"}", "{\"api_key\": \"[hidden]\"}"),
        ("{\\\"api_key\\\": \\\"abcd1234\\\"}", "{\\\"api_key\\\": \\\"[hidden]\\\"}"),
        ("password = \"correct horse battery\"", "password = \"[hidden]\""),
        ("Authorization: Bearer abcdefgh12345", "Authorization: Bearer [hidden]"),
        ("DB_PASSWORD_2=abcdefgh", "DB_PASSWORD_2=[hidden]"),
        ("postgres://ralf:pw@db/x", "postgres://ralf:[hidden]@db/x"),
        ("syt_YWRtaW4_abcdefgh_123", "[hidden]"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n", "[hidden]"),
        ("Das Passwort von Grafana ist hunter2x, ja", "Das Passwort von Grafana ist [hidden] ja"),
        ("Passwort: geheim99", "Passwort: [hidden]"),
    ] {
        assert_eq!(hide(text), hidden);
        assert_eq!(hide(hidden), hidden, "twice is once");
    }
}

#[test]
fn every_prefix_has_its_hint() {
    for prefix in [
        "syt_",
        "mat_",
        "mct_",
        "gho_",
        "ghp_",
        "ghs_",
        "ghu_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "glsa_",
        "hvs.",
        "hvb.",
        "xoxa-",
        "xoxb-",
        "xoxe-",
        "xoxp-",
        "xoxr-",
        "xoxs-",
        "AKIA",
        "ASIA",
        "AIza",
        "sk-",
        "sk_live_",
        "rk_live_",
        "npm_",
        "pypi-",
        "dckr_pat_",
        "tskey-",
        "AGE-SECRET-KEY-",
    ] {
        assert_eq!(hide(&format!("x {prefix}A1b2C3d4E5 y")), "x [hidden] y");
    }
}

#[test]
fn what_does_not_stays() {
    for text in [
        "the token expires, basic authentication",
        "the secret is unchanged",
        "DB_PASSWORD = \"vault://kv/grafana#password\"",
        "Secrets: vault://kv/grafana#password, version 3; env:DB_PASSWORD",
        "password={{ lookup('env', 'DB_PASSWORD') }}",
        "Das Passwort von Grafana ist auf node-2",
        "the version is 1.2.3, and see https://example.org:8080/a@b",
        "$ZtkCVZsDkCPWTcXBCKCzhmHDMRPkBCmT1Hw4RQTsN3Y",
        "disk-usage of task-sk-1",
    ] {
        assert_eq!(hide(text), text);
    }
}
