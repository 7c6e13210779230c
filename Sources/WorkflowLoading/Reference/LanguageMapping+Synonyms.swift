/// Words of other tools, by the mapping in which they are written. A word is never one of the mapping's own keys; a test sees to it, and to
/// the keys that the hints name.
extension LanguageMapping {
    var synonyms: [Synonym] { Self.synonyms[name] ?? [] }

    private static let synonyms: [String: [Synonym]] = [
        "workflow": workflowSynonyms, "tier": tierSynonyms, "defaults": defaultsSynonyms, "step": stepSynonyms, "check": checkSynonyms,
        "retry": [
            .init("max attempts times max_tries tries max_attempt", "write max_attempts: {}; the first try counts"),
            .init("count limit max_retries retries num_retries retry_count", "write max_attempts: 3; the first try counts, so it is one more than the retries"),
            .init("on_errors retry_on errors exceptions codes status_codes when retry_on_errors exit_code exit_codes if", "write on: [rate_limit, timeout, server_error]"),
            .init(
                "backoff delay interval interval_sec interval_seconds initial_delay factor jitter max_delay wait min_wait max_wait backoff_factor policy strategy",
                "remove it: pauses grow by themselves, and follow what the server's retry-after says"),
        ],
        "limits": limitsSynonyms,
        "default_limits": limitsSynonyms + [.init("overflow trim", "write it in the limits of a step: 'trim' names values of its 'with'")],
        "budget": [
            .init("max_cost cost usd max_usd max max_spend spend limit cap amount max_budget hard_limit dollars total max_price max_cost_dollars", "write max_cost_usd: {}"),
            .init("tokens token_limit max_total_tokens total_tokens", "write max_tokens: {}"),
            .init("on_exceed on_limit action when_exceeded on_overrun on_budget_exceeded", "write on_exceeded: stop"),
            .init("period per window daily monthly weekly", "a cap over a day or a month stands in agentctl.yaml: budgets: [{ name: …, per: month, max_cost_usd: … }]"),
            .init("warn warning alert_at soft_limit threshold", "write yellow: { at: 60% }"),
        ],
        "for_each": [
            .init("in list over values collection array each item_list with_items with_param input from loop matrix range data rows elements", "write items: {}"),
            .init("var variable name item alias key loop_var iterator let element", "write as: {}"),
            .init("parallel concurrency max_concurrency batch_size parallelism max_workers workers max_in_flight", "write max_parallel: {}"),
            .init("limit max max_iterations max_count", "write max_items: {}"), .init("continue_on_error fail_fast on_failure", "write on_error: collect"),
            .init("max_cost cost budget", "write max_cost_usd: {}"),
        ],
        "loop": [
            .init("condition break_when exit_when stop_when exit break done", "write until: {}"), .init("while", "write until: with the opposite condition"),
            .init("max_iterations iterations times max_passes limit count max_loops max_turns max_steps repeat", "write max: {}"),
            .init("body do tasks nodes run", "write steps: a list, each with an id:"),
        ],
        "approve": questionSynonyms,
        "message": [.init("text message body prompt value template", "write content: {}"), .init("name author speaker type from actor", "write role: user")],
        "output": [
            .init("format type json_schema response_format structure json schema_file output_schema definition properties", "write schema: { type: object, properties: { … } }"),
            .init("parser parse_as as decode", "write parse: json"), .init("repairs retries max_repairs retry fix max_retries", "write repair: {}"),
            .init("allow_empty required nullable", "write empty: allow"),
        ],
        "memo": [.init("ttl age expires expiry duration for max_age_seconds expire_after lifetime key", "write max_age: 24h")],
        "prefix": [
            .init("path prompt_file file_path src", "write file: {}"), .init("prompt content template value system", "write text: {}"),
            .init("cache_control cache cached cache_ttl cache_point prompt_cache max_age lifetime expires keep", "remove it: what is expected to be read again is cached by itself; write ttl: 1h to have it kept so long"),
            .init("movable reorder sort position priority", "write order: any"),
        ],
        "prefix_cache": [
            .init("mark breakpoints cache_control cache_points enabled mode auto", "write marks: auto, or off"), .init("warmup prewarm pre_warm warm leader", "write warm_up: auto, or off"),
            .init("hold_out control control_group sample ab_test comparison", "write holdout: 5%"), .init("ttl lifetime max_age retention", "it stands with a prefix: prefixes: { NAME: { …, ttl: 1h } }"),
            .init("order", "it stands with a prefix: prefixes: { NAME: { …, order: any } }"), .init("latency_price", "write it at the top of the file, beside prefix_cache"),
            .init("key prompt_cache_key", "remove it: requests that share a prefix have one key by themselves"),
        ],
        "escalate": escalateSynonyms, "logprob": logprobSynonyms, "agree": agreeSynonyms, "shadow": shadowSynonyms, "gate_question": questionSynonyms,
        "on_exhausted": [.init("approve human person escalate_to manual review", "write ask: { message: … }")], "judge_limits": limitsSynonyms.filter { !["max_turns", "max_calls"].contains($0.target) },
        "judge_output": [.init("format type json_schema response_format structure json schema_file output_schema definition properties", "write schema: { type: object, properties: { … } }")],
        "owner": [
            .init("team name owner contact email user group maintainer dev developer", "write engineering: {}"), .init("product sponsor", "write business: {}"),
            .init("cost_center cost_centre billing budget", "write finance: {}"),
        ],
        "decision": [
            .init("name label title", "write unit: {}"), .init("result verdict answer output value", "write outcome: {}"), .init("key decision_id correlation_id", "write id: {}"),
            .init("success successes delivered counted", "write counts: {}"), .init("price value_usd revenue", "write price_usd: {}"),
            .init("failure_cost cost_of_failure", "write failure_cost_usd: {}"),
        ],
        "attachment": [.init("path src pdf document text url", "write file: {}"), .init("image_url photo picture img", "write image: {}")],
        "on_error": [
            .init("continue ignore skip", "the word stands alone: on_error: continue"), .init("fail stop abort", "the word stands alone: on_error: fail"),
            .init("default output fallback result return", "write value: {}"),
        ],
        "band": [.init("threshold percent share when", "write at: 60%"), .init("tiers only", "write models: {}")],
        "project": [
            .init("models model tiers", "tiers stand in a workflow, under models:; the names of a provider's models under providers: { NAME: { models: { … } } }"),
            .init("price pricing costs cost", "write prices: [{ model: provider/model, input_per_mtok_usd: …, output_per_mtok_usd: … }]"),
            .init("database db storage ledger_path store state sqlite", "write ledger: {}"),
            .init("budget limits max_cost_usd", "write budgets: [{ name: …, per: month, max_cost_usd: … }]; the cap of one run stands in its workflow, under budget:"),
            .init("env environment vars variables", "keys are named where they are used: providers: { NAME: { api_key: { env: NAME } } }"),
            .init("api_key api_keys keys key token", "write providers: { NAME: { api: openai-chat, api_key: { env: NAME } } }"),
            .init("otel opentelemetry tracing metrics otlp", "write telemetry: { otlp: \"http://127.0.0.1:4318\" }"), .init("api_version schema_version", "write version: 1"),
        ],
        "provider": [
            .init("type kind format protocol wire adapter sdk dialect_name api_type provider client", "write api: openai-chat"),
            .init("url endpoint api_base base host base_uri baseurl api_url server address openai_api_base azure_endpoint", "write base_url: {}"),
            .init("key token apikey secret auth authorization bearer password credentials access_token api_token", "write api_key: { env: NAME }, the variable that holds the key"),
            .init("api_key_env key_env env env_key token_env api_key_var env_var api_key_envar", "write api_key: { env: {} }"),
            .init("concurrency max_parallel max_connections parallel rate_limit rpm rps requests_per_minute", "write max_concurrency: {}"),
            .init("extra_headers default_headers http_headers", "write headers: { NAME: value }"),
            .init("verify_ssl tls_verify insecure verify", "TLS is always checked; insecure_http: true is for addresses that begin with http://"),
            .init("price prices cost costs", "prices stand beside providers: prices: [{ model: provider/model, … }]"),
            .init("timeout timeouts retries retry", "timeouts and retries stand in a workflow: defaults: { timeout: 45s, retry: { max_attempts: 3 } }"),
            .init("organization organisation project", "write headers: { OpenAI-Organization: {} }"),
            .init("model default_model", "write models: { NAME: { id: {} } }; workflows name it as provider/NAME"),
        ],
        "api_key": [
            .init("variable var env_var from_env name environment", "write env: {}"), .init("cmd exec program shell run", "write command: {}"),
            .init("key secret token literal file", "write env: NAME, the variable that holds the key"),
        ],
        "secret": [.init("variable var env_var from_env name environment key", "write env: {}"), .init("value literal secret", "write env: NAME, the variable that holds it"), .init("cmd exec program shell run", "write command: {}")],
        "model": [
            .init("name model model_id model_name deployment path", "write id: {}"), .init("url api_base endpoint baseurl host", "write base_url: {}"),
            .init("command run start cmd server", "write serve: { command: {} }"),
            .init("context ctx context_length max_context n_ctx context_size max_input_tokens window max_context_tokens", "write context_window: {}"),
            .init("vision multimodal supports_images", "write images: true"), .init("supports_logprobs log_probs", "write logprobs: true"),
            .init("price cost pricing input_cost_per_token", "prices stand under prices: at the top of the file"),
            .init("max_tokens max_output_tokens temperature top_p", "it stands in a workflow, with the tier: models: { TIER: { use: provider/model, … } }"),
        ],
        "serve": [
            .init("cmd run exec args program entrypoint", "write command: {}"), .init("health health_check healthcheck readiness probe health_path", "write ready: {}"),
            .init("timeout wait startup_timeout", "write start_timeout: {}"), .init("port", "the port is free and chosen: write ${{ port }} in command"),
        ],
        "price": [
            .init("input input_cost prompt input_per_million input_usd in input_price input_per_mtok prompt_price input_cost_per_million", "write input_per_mtok_usd: {}, in dollars per million tokens"),
            .init("output output_cost completion output_per_million output_usd out output_price output_per_mtok completion_price output_cost_per_million", "write output_per_mtok_usd: {}, in dollars per million tokens"),
            .init("input_cost_per_token", "write input_per_mtok_usd: in dollars per million tokens"), .init("output_cost_per_token", "write output_per_mtok_usd: in dollars per million tokens"),
            .init("cached cache cache_read cached_input cache_hit cached_input_price cache_read_per_mtok", "write cache_read_per_mtok_usd: {}"),
            .init("cache_write cache_creation cache_write_per_mtok cache_miss", "write cache_write_per_mtok_usd: {}"),
            .init("name id", "write model: provider/model"), .init("request per_request call", "write request_usd: {}"), .init("hour per_hour gpu_hour machine_hour", "write machine_hour_usd: {}"),
            .init("since start valid_from effective_from", "write from: 2026-01-31"), .init("until end valid_to effective_to", "write to: 2026-12-31"),
        ],
        "spending_budget": [
            .init("period window interval every", "write per: month"), .init("limit max amount max_cost cap usd max_usd", "write max_cost_usd: {}"),
            .init("filter match selector for", "write where: { tag.NAME: value }"), .init("action on_exceeded", "write enforce: alert"), .init("tz zone", "write timezone: {}"),
        ],
        "selection": [.init("workflows", "write workflow: {}"), .init("models", "write model: {}"), .init("providers", "write provider: {}"), .init("tags tag labels", "write tag.NAME: value")],
        "alert": [.init("url http", "write webhook: { url: {} }"), .init("stderr console print", "write terminal: true"), .init("exec run cmd", "write command: {}")],
        "telemetry": [.init("endpoint url otel collector", "write otlp: {}")],
    ]

    private static let settings: [Synonym] = [
        .init("max_tokens max_completion_tokens max_new_tokens max_length num_predict token_limit max_output max_gen_tokens max_tokens_to_sample", "write max_output_tokens: {}"),
        .init("temp", "write temperature: {}"), .init("topp nucleus", "write top_p: {}"), .init("stop_sequences stop_words stop_sequence stops", "write stop: {}"),
        .init("reasoning_effort effort", "write reasoning: {}"), .init("thinking thinking_budget budget_tokens reasoning_tokens think thinking_config", "write reasoning: low, medium or high"),
        .init("streaming", "write stream: {}"), .init("top_logprobs log_probs", "write logprobs: true"), .init("random_seed", "write seed: {}"),
        .init(
            "n num_samples best_of top_k frequency_penalty presence_penalty logit_bias min_p repetition_penalty tool_choice parallel_tool_calls service_tier store metadata_extra",
            "remove it: temperature, top_p, seed, stop, reasoning and max_output_tokens are what is sent"),
    ]

    private static let workflowSynonyms: [Synonym] = [
        .init(
            "nodes jobs tasks stages pipeline graph dag templates states actions job workflow_steps flow agents agent chain",
            "write steps: a list, each with an id: and what it does"),
        .init("edges conditional_edges entrypoint entry_point start_at start_node finish_point next transitions", "remove it: the order of steps follows from what they read, and from needs:"),
        .init("model llm default_model engine", "write defaults: { model: {} }, and under models: what that is: { use: provider/model }"),
        .init("tiers llms providers provider", "write models: { NAME: { use: provider/model } }; accounts and servers stand in agentctl.yaml, under providers:"),
        .init("prompts prompt messages", "write it in a step: steps: [{ id: answer, prompt: … }]"),
        .init("system system_prompt instructions preamble", "in a step, write system:; text that steps share is one of prefixes:"),
        .init("tests test_cases assert default_test scenarios evaluate_options", "a check of an answer stands in its step: escalate: { tiers: […], checks: { … } }"),
        .init("vars variables params parameters args arguments input with state state_schema context input_schema inputs_schema", "write inputs: { NAME: { type: string } }"),
        .init("output results result returns return output_schema", "write outputs: { NAME: \"${{ steps.ID.output }}\" }"),
        .init("env environment environment_variables dotenv", "in a step with run:, write env: { NAME: value }"),
        .init("on schedule trigger triggers cron schedules", "remove it: a workflow is started by agentctl run, on a schedule by cron or by your CI"),
        .init("runs_on permissions container services strategy image runtime queue worker_selector", "remove it: steps run on this machine"),
        .init("max_active_steps max_active_runs parallelism max_parallel max_concurrency max_workers parallel", "write concurrency: {}"),
        .init("on_exit handler_on exit_handler on_completion always cleanup post after handlers teardown hooks", "write finally: a list of steps"),
        .init("fail_fast", "write on_failure: cancel"), .init("continue_on_error", "write defaults: { on_error: continue }"),
        .init("max_cost_usd max_cost cost_limit budget_usd max_budget max_budget_usd spend_limit", "write budget: { max_cost_usd: {} }"),
        .init("max_tokens max_output_tokens max_completion_tokens", "write defaults: { limits: { max_output_tokens: {} } }"),
        .init("temperature top_p seed stop reasoning reasoning_effort", "write it with a tier: models: { TIER: { use: provider/model, … } }"),
        .init("retries max_retries retry_policy retry_strategy", "write defaults: { retry: { max_attempts: 3 } }"),
        .init("timeout_minutes", "write defaults: { timeout: {}m }"), .init("timeout_seconds timeout_sec", "write defaults: { timeout: {}s }"),
        .init("id title workflow_name", "write name: {}"), .init("desc summary about doc", "write description: {}"),
        .init("author maintainer team owners contact", "write owner: { engineering: {} }"), .init("labels metadata annotations", "write tags: { NAME: value }"),
        .init("api_version schema_version language", "write version: 1"), .init("kind spec_version", "remove it: a file with version: 1 and steps: is a workflow"),
        .init("spec", "write what stands in it at the top of the file: steps: a list"),
        .init("include includes import imports extends uses anchors", "in a step, write workflow: FILE; values that repeat are YAML anchors under x-NAME:"),
        .init("api_key api_keys base_url", "write it in agentctl.yaml: providers: { NAME: { api_key: { env: NAME } } }"),
        .init("shared_prompts shared prefix system_prefix", "write prefixes: { NAME: { text: … } }"),
        .init(
            "cache_control cache caching cache_point prompt_cache prompt_caching context_cache cache_prompt prompt_cache_key prompt_cache_retention prompt_cache_options cached_content",
            "write prefix_cache: { marks: auto }, or off; an answer is kept for the same question by memo: in a step"),
        .init("latency_cost time_price value_of_time", "write latency_price: {}, in dollars per second"), .init("secret credentials", "write secrets: [NAME]"),
        .init("precondition preconditions if when condition", "in a step, write when:"),
    ]

    private static let tierSynonyms: [Synonym] =
        settings + [
            .init("model model_name name id engine deployment provider model_id llm", "write use: provider/model"), .init("fallbacks alternatives backup backups", "write fallback: {}"),
            .init("api_key apikey key token base_url api_base url endpoint headers api auth", "write it in agentctl.yaml: providers: { NAME: { … } }"),
            .init("timeout retries retry max_retries request_timeout deadline", "write it in a step or under defaults:, for example defaults: { timeout: 45s, retry: { max_attempts: 3 } }"),
            .init("price cost input_cost output_cost input_per_mtok_usd output_per_mtok_usd pricing", "prices stand in agentctl.yaml: prices: [{ model: provider/model, … }]"),
            .init("max_cost_usd max_cost budget", "in a step, write limits: { max_cost_usd: {} }, or at the top budget: { max_cost_usd: {} }"),
            .init("system system_prompt prompt", "write it in a step"),
            .init("cache_control cache caching prompt_cache prompt_caching prompt_cache_key prompt_cache_retention", "remove it: prefix_cache: at the top of the file holds for all tiers"),
        ]

    private static let defaultsSynonyms: [Synonym] =
        [
            .init("tier llm engine default_model use", "write model: {}"),
            .init("max_tokens max_output_tokens max_completion_tokens", "write limits: { max_output_tokens: {} }"),
            .init("max_attempts", "write retry: { max_attempts: {} }"), .init("retries max_retries num_retries retry_policy", "write retry: { max_attempts: 3 }: the first try counts, so it is one more than the retries"),
            .init("temperature top_p seed stop reasoning stream reasoning_effort", "write it with a tier, models: { TIER: { use: provider/model, … } }, or in a step"),
            .init("timeout_minutes", "write timeout: {}m"), .init("timeout_seconds timeout_sec", "write timeout: {}s"), .init("timeout_ms", "write timeout: {}ms"),
            .init("continue_on_error ignore_errors", "write on_error: continue"), .init("concurrency max_parallel", "at the top of the file, write concurrency: {}"),
            .init("max_cost max_cost_usd", "write limits: { max_cost_usd: {} }; for a whole run, budget: { max_cost_usd: {} }"),
        ]

    private static let limitsSynonyms: [Synonym] = [
        .init("max_tokens max_completion_tokens max_output output_tokens max_new_tokens", "write max_output_tokens: {}"), .init("tokens total_tokens token_limit max_total", "write max_total_tokens: {}"),
        .init("max_cost cost usd budget max_usd max_spend cost_usd max_budget", "write max_cost_usd: {}"),
        .init("context_window max_context max_prompt_tokens input_tokens max_input context", "write max_input_tokens: {}"),
        .init("max_iterations max_steps iterations turns", "write max_turns: {}"), .init("requests max_requests max_tool_calls tool_calls", "write max_calls: {}"),
        .init("timeout deadline", "write it beside limits: timeout: {}"), .init("truncation on_max_tokens truncate", "write on_truncation: fail"),
    ]

    private static let stepSynonyms: [Synonym] =
        [
            .init("depends_on depends dependencies after requires upstream wait_for wait_on run_after previous", "use needs: [step], or refer to steps.<id>.output and the order follows"),
            .init("type kind node_type", "the kind is the key that is present: prompt, run, value, …"),
            .init("if condition only_if precondition preconditions run_if guard", "write when: {}"), .init("skip_if unless skip", "write when: with the opposite condition"),
            .init("then else next goto edges conditional_edges switch case branch branches", "remove it: give the steps of each branch a when:, and read what they need"),
            .init("uses action template template_ref call subworkflow sub_workflow child_workflow flow", "write workflow: FILE for another workflow, run: [program, argument] for a program"),
            .init("command cmd exec script shell_command bash program execute sh", "write run: {command}"),
            .init(
                "args arguments argv params parameters input inputs vars variables context data prompt_variables input_variables input_mapping",
                "write with: { NAME: value }, and read it as with.NAME"),
            .init("max_attempts attempts", "write retry: { max_attempts: {} }"), .init("retries max_retries num_retries retry_count", "write retry: { max_attempts: 3 }: the first try counts, so it is one more than the retries"),
            .init("retry_policy retry_strategy retry_on", "write retry: { max_attempts: 3, on: [rate_limit, timeout] }"),
            .init("timeout_minutes", "write timeout: {}m"), .init("timeout_seconds timeout_sec timeout_s", "write timeout: {}s"), .init("timeout_ms", "write timeout: {}ms"),
            .init("request_timeout max_duration time_limit", "write timeout: 45s"), .init("active_deadline_seconds", "write deadline: {}s"),
            .init("continue_on_error continue_on_fail continue_on allow_failure ignore_errors ignore_failure", "write on_error: continue"),
            .init("on_failure on_fail catch error_handler", "write on_error: fail, continue or { value: … }; what a failed step does to the others is on_failure: of the workflow"),
            .init("default default_output fallback_value", "write on_error: { value: {} }"),
            .init("fallback fallbacks", "write it with the tier: models: { TIER: { use: provider/model, fallback: [provider/model] } }"),
            .init("strategy matrix", "write for_each: { items: \"[…]\", as: item }"),
            .init("with_items with_param with_sequence loop_over foreach each map iterate items over scatter fan_out", "write for_each: { items: {} }"),
            .init("parallel", "write for_each: { items: {} }; steps that do not wait for each other run side by side by themselves"),
            .init("repeat_policy repeat while until repeat_until max_iterations", "write loop: { steps: […], until: …, max: 3 }"),
            .init("group tasks children sub_steps substeps dag nodes jobs do", "write steps: a list, each with an id:"), .init("name title step step_id step_name", "write id: {name}, a word of small letters, digits and _"),
            .init("label desc summary doc comment help notes", "write description: {}"),
            .init("user_prompt question instruction text content query input_text prompt_template user ask task user_message", "write prompt: {}"),
            .init("instructions system_prompt system_message sys role_prompt preamble developer persona backstory", "write system: {}"),
            .init("prompt_path template_file prompt_template_file prompt_template_path", "write prompt_file: {}"), .init("chat conversation history", "write messages: [{ role: user, content: … }]"),
            .init("llm engine model_name tier use provider providers deployment agent", "write model: TIER, one of those under models:"),
            .init("models tiers", "write model: TIER; where several are tried in turn, escalate: { tiers: [small, mid] }"),
            .init(
                "cascade router routing router_config model_cascade escalation escalate_to judge graders grader evaluator quorum votes vote assert asserts assertions tests eval evaluators guardrails validators checks",
                "write escalate: { tiers: [small, mid], checks: { NAME: { expr: … } } }"),
            .init(
                "output_schema schema response_format json_schema response_schema output_format result_schema structured_output output_type expected_output format output_json",
                "write output: { schema: { type: object, properties: { … } } }"),
            .init("outputs returns result", "remove it: what a step gives is read as steps.ID.output; its shape is output: { schema: … }"),
            .init("parse output_parser parse_output", "write output: { parse: json }"),
            .init("max_cost_usd max_cost cost_limit budget max_budget budget_usd max_price", "write limits: { max_cost_usd: {} }"), .init("max_input_tokens", "write limits: { max_input_tokens: {} }"),
            .init("cache caching memoize memoise cache_key cache_ttl ttl cache_policy", "write memo: { max_age: 24h }"),
            .init(
                "cache_control cache_point prompt_cache prompt_caching cache_prompt cache_breakpoint prompt_cache_key prompt_cache_retention prompt_cache_options cached_content",
                "remove it: what steps share is one of prefixes:, and its end is marked by itself; prefix_cache: of the workflow turns that off"),
            .init("image images files attachments attachment file documents image_url pdf media", "write attach: {}"),
            .init("environment env_vars environment_variables envs", "write env: { NAME: value }"),
            .init("cwd working_directory working_dir workdir dir chdir", "remove it: programs are started in the project's folder"),
            .init("approval human wait_for_approval manual suspend confirm interrupt human_input ask_human gate", "write approve: { message: {} }"),
            .init("set assign expr expression compute set_output return transform const literal evaluate", "write value: {}"),
            .init("function mcp tool_name function_call tool_call mcp_tool", "write tool: server.tool"), .init("functions available_tools mcp_servers", "write tools: [server.tool]"),
            .init("labels metadata annotations", "write tags: { NAME: value }"), .init("exit_codes ok_codes success_codes success_exit_codes", "write ok_exit: {}"),
            .init("input_stdin pipe", "write stdin: {}"), .init("executor runs_on container", "remove it: programs run on this machine; with a container: run: [docker, run, --rm, IMAGE, …]"),
        ] + settings
}
