using System.Diagnostics;
using System.Net;
using Skiff.Harness;
using Skiff.Harness.Cri;

namespace Skiff.Functional.Pods;

/// <summary>Components that answer HTTP requests, as containers of pods.</summary>
public sealed class HttpPodTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private const string AddressVariable = "WASMTIME_HTTP_PROXY_SOCKET_ADDR";
    private static readonly PodRequest OwnNetwork = new() { HostNetwork = false };

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(20) };

    public void Dispose() => _client.Dispose();

    [Theory, OnContainerd]
    public async Task A_component_answers_at_the_pods_address_and_not_at_the_hosts(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);

        await pod.StartAsync(["/http.wasm"]);
        var answer = await AnswerAsync($"http://{await AddressAsync(pod)}:8080/");

        Assert.Equal((HttpStatusCode.OK, "Hello, world!"), answer);
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync("http://127.0.0.1:8080/", TestContext.Current.CancellationToken));
    }

    [Theory, OnContainerd]
    public async Task Handlers_of_other_makers_answer_as_well(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);
        var address = await AddressAsync(pod);

        await pod.StartAsync(["/rust-http.wasm"]);
        await pod.StartAsync(["/http-text.wat"], config => config.Envs.Add(new KeyValue { Key = AddressVariable, Value = "0.0.0.0:8081" }));

        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync($"http://{address}:8080/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync($"http://{address}:8081/")).Status);
    }

    [Theory, OnContainerd]
    public async Task A_variable_says_where_it_listens_and_the_guest_does_not_see_it(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);

        await pod.StartAsync(["/http.wasm"], config =>
        {
            config.Envs.Add(new KeyValue { Key = AddressVariable, Value = "0.0.0.0:9090" });
            config.Envs.Add(new KeyValue { Key = "COLOUR", Value = "blue" });
        });
        var address = await AddressAsync(pod);
        var environment = await AnswerAsync($"http://{address}:9090/env");

        Assert.Contains("COLOUR: blue", environment.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(AddressVariable, environment.Text, StringComparison.Ordinal);
        await Assert.ThrowsAsync<HttpRequestException>(() => _client.GetAsync($"http://{address}:8080/", TestContext.Current.CancellationToken));
    }

    [Theory, OnContainerd]
    public async Task An_address_that_is_none_keeps_the_container_from_being_made(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);

        var fault = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() =>
            pod.StartAsync(["/http.wasm"], config => config.Envs.Add(new KeyValue { Key = AddressVariable, Value = "everywhere" })));

        Assert.Contains($"{AddressVariable}=everywhere", fault.Status.Detail, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_pod_fetches_from_another_pod_unless_its_annotation_forbids_it(string version)
    {
        var node = await NodeAsync(version);
        await using var server = await Pod.RunAsync(node, OwnNetwork);
        await using var caller = await Pod.RunAsync(node, OwnNetwork);
        await using var confined = await Pod.RunAsync(
            node, OwnNetwork with { Annotations = new Dictionary<string, string> { ["skiff.dev/net"] = "none" } });
        var target = $"{await AddressAsync(server)}:8080/";
        foreach (var pod in new[] { server, caller, confined })
        {
            await pod.StartAsync(["/http.wasm"]);
        }

        await AnswerAsync($"http://{target}");
        Assert.Equal((HttpStatusCode.OK, "Hello, world!"), await AnswerAsync($"http://{await AddressAsync(caller)}:8080/fetch/{target}"));
        Assert.Equal(
            (HttpStatusCode.BadGateway, "destination-IP-prohibited\n"), await AnswerAsync($"http://{await AddressAsync(confined)}:8080/fetch/{target}"));
        Assert.Equal((HttpStatusCode.OK, "Hello, world!"), await AnswerAsync($"http://{await AddressAsync(confined)}:8080/"));
    }

    [Theory, OnContainerd]
    public async Task A_stop_ends_an_idle_server_at_once(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);
        var container = await pod.StartAsync(["/http.wasm"]);
        // The client keeps its connection: an idle one must not delay the end.
        await AnswerAsync($"http://{await AddressAsync(pod)}:8080/");
        var watch = Stopwatch.StartNew();

        await container.StopAsync(TimeSpan.FromSeconds(30));

        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(0, (await container.StatusAsync()).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_stop_lets_a_running_request_finish(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);
        var container = await pod.StartAsync(["/http.wasm"]);
        var site = $"http://{await AddressAsync(pod)}:8080";
        await AnswerAsync($"{site}/");

        // Its head and first line are here before the stop: the request is certainly running.
        using var running = await _client.GetAsync(
            $"{site}/slow/4/500", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var body = running.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await container.StopAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("line 0\nline 1\nline 2\nline 3\n", await body);
        Assert.Equal(0, (await container.StatusAsync()).ExitCode);
        await container.LogsAsync("GET /slow/4/500 200");
    }

    /// <summary>What an instance had is given back together with that of others, and must not be missing for the next ones meanwhile.</summary>
    [Theory, OnContainerd]
    public async Task Many_clients_of_a_guest_with_few_requests_in_flight_all_get_their_answers(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork with { Annotations = new Dictionary<string, string> { ["skiff.dev/max-in-flight"] = "8" } });
        await pod.StartAsync(["/http.wasm"]);
        var site = $"http://{await AddressAsync(pod)}:8080/";
        await AnswerAsync(site);

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            var statuses = new List<HttpStatusCode>();
            for (var i = 0; i < 150; i++)
            {
                using var response = await _client.GetAsync(site, TestContext.Current.CancellationToken);
                statuses.Add(response.StatusCode);
            }

            return statuses;
        })));

        Assert.All(answers, statuses => Assert.All(statuses, status => Assert.Equal(HttpStatusCode.OK, status)));
    }

    [Theory, OnContainerd]
    public async Task A_probe_runs_another_module_beside_the_server(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);
        var container = await pod.StartAsync(["/http.wasm"]);

        var probe = await container.ExecAsync("/toolbox.wasm", "exit", "3");

        Assert.Equal(3, probe.ExitCode);
        Assert.Equal(HttpStatusCode.OK, (await AnswerAsync($"http://{await AddressAsync(pod)}:8080/")).Status);
    }

    [Theory, OnContainerd]
    public async Task A_trap_is_one_requests_end_and_the_log_tells_it(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);
        var container = await pod.StartAsync(["/http.wasm"]);
        var site = $"http://{await AddressAsync(pod)}:8080";

        var trapped = await AnswerAsync($"{site}/trap");
        var next = await AnswerAsync($"{site}/");

        Assert.Equal(HttpStatusCode.InternalServerError, trapped.Status);
        Assert.Equal((HttpStatusCode.OK, "Hello, world!"), next);
        await container.LogsAsync("GET /trap 500");
        await container.LogsAsync("guest trapped: ");
        await container.LogsAsync("unreachable");
        await container.LogsAsync("GET / 200");
    }

    [Theory, OnContainerd]
    public async Task What_a_guest_prints_is_in_the_containers_log(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, OwnNetwork);
        var container = await pod.StartAsync(["/http.wasm"]);

        await AnswerAsync($"http://{await AddressAsync(pod)}:8080/log/ahoy");

        await container.LogsAsync("stdout F stdout: /ahoy\n");
        await container.LogsAsync("stderr F stderr: /ahoy\n");
    }

    [Theory, OnContainerd]
    public async Task A_guest_fetches_by_TLS_from_whom_the_containers_authorities_vouch_for(string version)
    {
        var node = await NodeAsync(version);
        using var server = new TlsServer("ahoy");
        var folder = Directory.CreateTempSubdirectory("skfc").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "ca.pem"), server.Authority, TestContext.Current.CancellationToken);
            await using var pod = await Pod.RunAsync(node, OwnNetwork);
            await pod.StartAsync(["/http.wasm"], config =>
            {
                config.Mounts.Add(new Mount { ContainerPath = "/authorities", HostPath = folder, Readonly = true });
                config.Envs.Add(new KeyValue { Key = "SSL_CERT_FILE", Value = "/authorities/ca.pem" });
            });
            await pod.StartAsync(["/http.wasm"], config => config.Envs.Add(new KeyValue { Key = AddressVariable, Value = "0.0.0.0:8081" }));
            var address = await AddressAsync(pod);

            Assert.Equal((HttpStatusCode.OK, "ahoy"), await AnswerAsync($"http://{address}:8080/fetch-tls/{TlsServer.Address}:{server.Port}/"));
            Assert.Equal(
                (HttpStatusCode.BadGateway, "TLS-certificate-error\n"), await AnswerAsync($"http://{address}:8081/fetch-tls/{TlsServer.Address}:{server.Port}/"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> AddressAsync(Pod pod) => (await pod.StatusAsync()).Network.Ip;

    // The container has started when its guest may begin; the listener is there a moment later.
    private async Task<(HttpStatusCode Status, string Text)> AnswerAsync(string url)
    {
        var until = Stopwatch.StartNew();
        for (; ; )
        {
            try
            {
                using var response = await _client.GetAsync(url, TestContext.Current.CancellationToken);
                return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            }
            catch (HttpRequestException fault) when (fault.HttpRequestError == HttpRequestError.ConnectionError && until.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
            }
        }
    }
}
