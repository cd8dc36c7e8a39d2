/**
 * Models that another server runs: vLLM, SGLang, Ollama, llama.cpp's server and others that speak
 * OpenAI's API, on this machine or near it. They are found, watched and asked here.
 */
@NullMarked
package io.infernet.inference.engine.remote;

import org.jspecify.annotations.NullMarked;
