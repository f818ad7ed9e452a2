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

/// The page runs in a browser only; everything that can be tested without one is in `ottla-scene`.
#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(2)
}
