//! The OpenAPI document tells of what there is.

use super::stage::{Stage, json as json_of};

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_the_sources_is_described() {
    let stage = Stage::new().await;
    let document = json_of(stage.get("openapi.json").await, 200).await;
    assert!(
        document["openapi"]
            .as_str()
            .expect("a version")
            .starts_with("3.1")
    );
    let paths = document["paths"].as_object().expect("paths");
    let mut count = 0;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/studio/api");
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let Ok(source) = std::fs::read_to_string(&path) else {
            continue;
        };
        // a route without a description would be put with `.route(`
        assert!(!source.contains(".route("), "{}", path.display());
        for rest in source.split("#[utoipa::path(").skip(1) {
            let method = rest.split(',').next().expect("a method").trim();
            let route = rest.split("path = \"").nth(1).expect("a path");
            let route = route.split('"').next().expect("a path").replace("{*", "{");
            let described = &paths[&format!("/api/v1{route}")][method];
            assert!(described["responses"].is_object(), "{method} {route}");
            count += 1;
        }
    }
    let described: usize = paths
        .values()
        .map(|item| item.as_object().expect("methods").len())
        .sum();
    assert_eq!(described, count);
}
