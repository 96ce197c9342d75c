// A framework that hosts embed the elements in: for the tests alone.
export { createElement } from "react";
export { createRoot } from "react-dom/client";
