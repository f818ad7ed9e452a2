//! The explainer's page: the production core, a simulated world and the stage in one wasm module.

#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(target_arch = "wasm32")]
mod hook;
#[cfg(target_arch = "wasm32")]
mod paint;
#[cfg(target_arch = "wasm32")]
mod prefs;
#[cfg(any(test, target_arch = "wasm32"))]
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(
        dead_code,
        unused_imports,
        reason = "the page uses all of it, its tests what they need"
    )
)]
mod run;

#[cfg(target_arch = "wasm32")]
fn main() {
    let root = web_sys::window()
        .and_then(|window| window.document())
        .and_then(|document| document.get_element_by_id("app"));
    let renderer = match root {
        Some(root) => yew::Renderer::<components::App>::with_root(root),
        None => yew::Renderer::new(),
    };
    renderer.render();
}

/// The page runs in a browser only; everything that can be tested without one is in `run` and in `ottla-scene`.
#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
