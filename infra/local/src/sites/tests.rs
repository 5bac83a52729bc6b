//! What a browser gets from the ports of the two sites.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::Sites;
use crate::aws::percent_decoded;
use crate::server::{Listeners, Pages, Ports, Server};
use crate::tests::{Home, send};

/// The template that says what `CloudFront` does.
const EDGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../edge.yaml");

/// Paths, and the file that each leads to; `None` where there is nothing.
const PATHS: [(&str, Option<&str>); 16] = [
    ("/", Some("index.html")),
    ("/activate", Some("index.html")),
    ("/activate/", Some("index.html")),
    ("/activate?from=mail.png", Some("index.html")),
    ("/individuals/ind_01h5/history", Some("index.html")),
    ("/a.b/page", Some("index.html")),
    ("/%2e%2e", Some("index.html")),
    ("/index.html", Some("index.html")),
    ("/robots.txt", Some("robots.txt")),
    ("/robots%2Etxt", Some("index.html")),
    ("/_app/immutable/start.B2x.js", Some("_app/immutable/start.B2x.js")),
    ("/_app/immutable/start.B2x.js?v=1", Some("_app/immutable/start.B2x.js")),
    ("/_app/immutable/st%61rt.B2x.js", Some("_app/immutable/start.B2x.js")),
    ("/_app/immutable/gone.js", None),
    ("/favicon.ico", None),
    ("/page.", None),
];

/// A server whose sites are built, each file holding the name of its site and its own.
struct World {
    home: Home,
    server: Server,
    portal: String,
    admin: String,
}

impl World {
    async fn new() -> Self {
        let world = Self::without_builds().await;
        for site in ["portal", "admin"] {
            for file in [
                "index.html",
                "robots.txt",
                "manifest.webmanifest",
                "icon.svg",
                "icon.png",
                "font.woff2",
                "_app/version.json",
                "_app/immutable/start.B2x.js",
                "_app/immutable/start.B2x.css",
            ] {
                world.write(&format!("{site}/build/{file}"), &format!("{site}: {file}"));
            }
        }
        world.write("portal/secret.txt", "secret");
        world.write("secret.txt", "secret");
        world
    }

    async fn without_builds() -> Self {
        let home = Home::new();
        let sites = Sites::open(&home.directory.path().join("web"), Path::new(EDGE)).unwrap();
        let any_port = Ports { portal: 0, admin: 0, aws: 0, ..Ports::default() };
        let listeners = Listeners::bind(any_port).await.unwrap();
        let server = home.open().serve(listeners, Pages { sites, ..Pages::default() });
        let [portal, admin] =
            [&server.portal, &server.admin].map(|origin| origin.trim_start_matches("http://").to_owned());
        Self { home, server, portal, admin }
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.home.directory.path().join("web").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    async fn portal(&self, path: &str, headers: &str) -> Page {
        Page::of(&send(&self.portal, "GET", path, headers, "").await)
    }
}

/// An answer, taken apart.
#[derive(Debug)]
struct Page {
    status: u16,
    headers: String,
    body: String,
}

impl Page {
    fn of(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (status, headers) = head.split_once("\r\n").unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, headers: headers.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.trim_end()))
    }
}

#[tokio::test]
async fn a_page_is_the_index_and_a_file_is_itself_or_missing() {
    let world = World::new().await;
    for (site, port) in [("portal", &world.portal), ("admin", &world.admin)] {
        for (path, file) in PATHS {
            let page = Page::of(&send(port, "GET", path, "", "").await);
            match file {
                Some(file) => {
                    assert_eq!((page.status, page.body), (200, format!("{site}: {file}")), "{path}");
                }
                None => assert_eq!((page.status, page.body.contains("index")), (404, false), "{path}"),
            }
        }
    }
}

#[tokio::test]
async fn nothing_beside_the_site_is_given_out() {
    let world = World::new().await;
    let outside = world.home.directory.path().join("web/secret.txt").display().to_string();
    for path in [
        "/../secret.txt".to_owned(),
        "/%2e%2e/secret.txt".to_owned(),
        "/..%2fsecret.txt".to_owned(),
        "/..%2F..%2fsecret.txt".to_owned(),
        "/_app/../../secret.txt".to_owned(),
        "/..%5csecret.txt".to_owned(),
        "/%252e%252e/secret.txt".to_owned(),
        "/robots.txt%00.txt".to_owned(),
        "/./robots.txt".to_owned(),
        "/_app//version.json".to_owned(),
        format!("/{outside}"),
        outside.replace('/', "%2f").replacen("%2f", "/%2f", 1),
    ] {
        let page = world.portal(&path, "").await;
        assert_eq!((page.status, page.body.as_str()), (404, "There is no such file."), "{path}");
    }
}

#[tokio::test]
async fn files_say_what_they_are_and_how_long_they_keep() {
    let world = World::new().await;
    for (path, kind) in [
        ("/home", "text/html; charset=utf-8"),
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/icon.svg", "image/svg+xml"),
        ("/icon.png", "image/png"),
        ("/font.woff2", "font/woff2"),
        ("/_app/version.json", "application/json"),
        ("/_app/immutable/start.B2x.js", "text/javascript; charset=utf-8"),
        ("/_app/immutable/start.B2x.css", "text/css; charset=utf-8"),
    ] {
        let page = world.portal(path, "").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some(kind)), "{path}");
        let lifetime =
            if path.contains("immutable") { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(page.header("cache-control"), Some(lifetime), "{path}");
    }
    assert_eq!(world.portal("/_app/immutable/gone.js", "").await.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn what_a_browser_has_is_not_sent_again_until_the_site_is_built_anew() {
    let world = World::new().await;
    let first = world.portal("/home", "").await;
    let condition = format!("If-None-Match: \"other\", {}\r\n", first.header("etag").unwrap());
    let again = world.portal("/activate", &condition).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert!(again.header("content-security-policy").is_some());

    world.write("portal/build/index.html", "newer");
    let newer = world.portal("/home", &condition).await;
    assert_eq!((newer.status, newer.body.as_str()), (200, "newer"));
}

#[tokio::test]
async fn the_smallest_encoding_that_a_browser_takes_is_sent() {
    let world = World::new().await;
    world.write("portal/build/index.html.br", "as br");
    world.write("portal/build/index.html.gz", "as gzip");
    world.write("portal/build/robots.txt.gz", "as gzip");
    for (path, accepted, encoding, body) in [
        ("/home", "gzip, deflate, br, zstd", Some("br"), "as br"),
        ("/home", "gzip;q=0.8", Some("gzip"), "as gzip"),
        ("/home", "br;q=0, gzip", Some("gzip"), "as gzip"),
        ("/home", "identity", None, "portal: index.html"),
        ("/robots.txt", "br, gzip", Some("gzip"), "as gzip"),
    ] {
        let page = world.portal(path, &format!("Accept-Encoding: {accepted}\r\n")).await;
        assert_eq!((page.header("content-encoding"), page.body.as_str()), (encoding, body), "{accepted}");
        assert_eq!(page.header("vary"), Some("accept-encoding"));
        assert!(!page.header("content-type").unwrap().contains("octet-stream"));
    }
}

#[tokio::test]
async fn a_site_is_only_read() {
    let world = World::new().await;
    let head = Page::of(&send(&world.portal, "HEAD", "/home", "", "").await);
    assert_eq!((head.status, head.header("content-length"), head.body.as_str()), (200, Some("18"), ""));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let page = Page::of(&send(&world.portal, method, "/home", "", "{}").await);
        assert_eq!(page.status, 403, "{method}");
    }
}

#[tokio::test]
async fn every_answer_of_a_site_has_the_headers_of_the_template() {
    let world = World::new().await;
    for page in [
        world.portal("/home", "").await,
        world.portal("/_app/immutable/start.B2x.js", "").await,
        world.portal("/gone.js", "").await,
        Page::of(&send(&world.admin, "GET", "/", "", "").await),
    ] {
        let policy = page.header("content-security-policy").unwrap();
        let policy: Vec<&str> = policy.split("; ").collect();
        for rule in ["connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'self'"] {
            assert!(policy.contains(&rule), "{rule} in {policy:?}");
        }
        assert!(
            !policy.iter().any(|rule| rule.contains("'unsafe-inline'") || rule.contains("'unsafe-eval'"))
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(page.header(name), Some(value));
        }
        let off = page.header("permissions-policy").unwrap();
        for feature in ["camera", "microphone", "geolocation", "payment", "usb"] {
            assert!(off.split(", ").any(|rule| rule == format!("{feature}=()")), "{feature} in {off}");
        }
        assert_eq!(page.header("strict-transport-security"), None, "plain HTTP can't have it");
    }
}

#[tokio::test]
async fn a_template_without_these_headers_is_refused_with_its_name() {
    let home = Home::new();
    let template = home.directory.path().join("template.yaml");
    let refused = Sites::open(Path::new("web"), &template).unwrap_err().to_string();
    assert!(refused.contains("template.yaml") && refused.contains("SiteResponsePolicy"), "{refused}");
}

#[tokio::test]
async fn the_api_and_the_developers_pages_are_there_before_the_sites_are_built() {
    let world = World::without_builds().await;
    let page = world.portal("/activate", "").await;
    assert!(page.status == 503 && page.body.contains("make web"), "{page:?}");
    assert_eq!(world.portal("/robots.txt", "").await.status, 404);
    let api = world.portal("/api/portal/v1/none", "").await;
    assert_eq!((api.status, api.body), (404, json!({ "message": "Not Found" }).to_string()));
    let local = world.portal("/_local", "").await;
    assert!(local.status == 200 && local.body.contains(&world.server.admin), "{local:?}");
}

#[test]
fn cloudfront_finds_the_same_files_for_the_same_paths() {
    let template: yaml_serde::Value = yaml_serde::from_str(&fs::read_to_string(EDGE).unwrap()).unwrap();
    let code = template["Resources"]["PageRoutes"]["Properties"]["FunctionCode"].as_str().unwrap();
    // CloudFront keeps the query apart.
    let paths = PATHS.map(|(path, _)| path.split('?').next().unwrap());
    let ask = "paths.map((uri) => handler({ request: { uri, method: 'GET' } }).uri)";
    let script = format!("{code}\nconst paths = {};\nconsole.log(JSON.stringify({ask}));", json!(paths));
    let ran = Command::new("node").args(["--eval", &script]).output().expect("node, as `make web` needs it");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let found: Vec<String> = serde_json::from_slice(&ran.stdout).unwrap();
    for ((path, file), found) in PATHS.into_iter().zip(found) {
        match file {
            Some(file) => assert_eq!(percent_decoded(&found), format!("/{file}"), "{path}"),
            None => assert_eq!(found, path),
        }
    }
}

#[tokio::test]
async fn files_are_in_the_buckets_what_they_are_here_and_the_index_comes_last() {
    let world = World::new().await;
    world.write("portal/build/index.html.br", "as br");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/sites.py");
    let ran = Command::new("python3")
        .arg(script)
        .env("SITES", world.home.directory.path().join("web"))
        .output()
        .expect("python3, as the Makefile needs it");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let listed = String::from_utf8(ran.stdout).unwrap();
    let listed: Vec<Vec<&str>> = listed.lines().map(|line| line.split('\t').collect()).collect();
    for site in ["portal", "admin"] {
        let own: Vec<_> = listed.iter().filter(|file| file[0] == site).collect();
        assert_eq!(own.len(), 9, "{own:?}");
        assert!(own[..2].iter().all(|file| file[1].starts_with("_app/immutable/")), "{own:?}");
        assert_eq!(own[8][1], "index.html");
    }
    for file in listed.iter().filter(|file| file[0] == "portal") {
        let here = world.portal(&format!("/{}", file[1]), "").await;
        assert_eq!(here.header("content-type"), Some(file[2]), "{file:?}");
        assert_eq!(here.header("cache-control"), Some(file[3]), "{file:?}");
    }
}
