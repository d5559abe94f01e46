using Skiff.Harness;

namespace Skiff.Functional.Guests;

/// <summary>What a Wasm program sees of its container: arguments, environment, stdio, exit code.</summary>
public sealed class RunTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task A_C_program_says_hello(string version) => await ExpectAsync(version, "hello from C\n", "/toolbox.wasm");

    [Theory, OnContainerd]
    public async Task A_Rust_program_says_hello(string version)
    {
        Guest.Needed(Guest.Rustbox);
        await ExpectAsync(version, "hello from Rust\n", "/rustbox.wasm");
    }

    [Theory, OnContainerd]
    public async Task WebAssembly_text_runs_as_it_is(string version) => await ExpectAsync(version, "hello from text\n", "/hello.wat");

    [Theory, OnContainerd]
    public async Task The_same_in_binary_form_runs(string version)
    {
        Guest.Needed("hello.wasm");
        await ExpectAsync(version, "hello from text\n", "/hello.wasm");
    }

    [Theory, OnContainerd]
    public async Task A_Preview_2_command_made_from_C_says_hello(string version)
    {
        Guest.Needed(Guest.ToolboxComponent);
        await ExpectAsync(version, "hello from C\n", "/toolbox-p2.wasm");
    }

    [Theory, OnContainerd]
    public async Task A_Preview_2_command_in_text_says_hello(string version) =>
        await ExpectAsync(version, "hello from a component\n", "/command.wat");

    [Theory, OnContainerd]
    public async Task Arguments_arrive_unchanged(string version) =>
        await ExpectAsync(version, "one\ntwo words\n\n--help\näö\n", "/toolbox.wasm", "args", "one", "two words", "", "--help", "äö");

    [Theory, OnContainerd]
    public async Task Rust_sees_its_arguments(string version)
    {
        Guest.Needed(Guest.Rustbox);
        await ExpectAsync(version, "a|b c\n", "/rustbox.wasm", "args", "a", "b c");
    }

    [Theory, OnContainerd]
    public async Task A_component_sees_its_arguments(string version)
    {
        Guest.Needed(Guest.ToolboxComponent);
        await ExpectAsync(version, "x\ny z\n", "/toolbox-p2.wasm", "args", "x", "y z");
    }

    [Theory, OnContainerd]
    public async Task The_program_sees_its_own_name(string version) => await ExpectAsync(version, "/toolbox.wasm\n", "/toolbox.wasm", "name");

    [Theory, OnContainerd]
    public async Task The_environment_is_that_of_the_container_and_nothing_else(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("--env", "GREETING=good day", "--", "/toolbox.wasm", "env");

        var lines = result.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("GREETING=good day", lines);
        // HOME and PWD come from the OCI runtime, as for a native program.
        Assert.All(lines, line => Assert.Matches("^(PATH|GREETING|HOSTNAME|HOME|TERM|PWD)=", line));
    }

    /// <summary>Over the API: ctr forgets to pass on the end of an input that is shorter than the start of the task.</summary>
    [Theory, OnContainerd]
    public async Task Rust_reads_its_input_to_the_end(string version)
    {
        Guest.Needed(Guest.Rustbox);
        var node = await NodeAsync(version);
        await using var task = await TestTask.CreateAsync(node, ["/rustbox.wasm", "upper"], withInput: true);
        await task.StartAsync();

        await task.Stdio.WriteAsync("line one\nline two\n");
        task.Stdio.CloseInput();
        await task.CloseInputAsync();

        Assert.Equal(0u, await task.WaitAsync());
        await task.Stdio.Ended.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("LINE ONE\nLINE TWO\n", task.Stdio.Output);
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task Stdout_and_stderr_are_kept_apart(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/toolbox.wasm", "warn", "careful");

        Assert.Equal("", result.Succeeded());
        Assert.Equal("careful\n", result.Error);
    }

    [Theory, OnContainerd]
    public async Task The_exit_code_is_the_programs(string version)
    {
        var node = await NodeAsync(version);

        Assert.Equal(7, (await node.Ctr.RunGuestAsync("/toolbox.wasm", "exit", "7")).ExitCode);
        Assert.Equal(42, (await node.Ctr.RunGuestAsync("/exit42.wat")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_trap_ends_with_134_and_tells_where(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/unreachable.wat");

        Assert.Equal(134, result.ExitCode);
        Assert.Contains("unreachable", result.Error, StringComparison.Ordinal);
        Assert.Contains("inner", result.Error, StringComparison.Ordinal);
        Assert.Contains("outer", result.Error, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_trap_does_not_lose_what_was_written_before(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/toolbox.wasm", "trap");

        Assert.Equal(134, result.ExitCode);
        Assert.Equal("about to trap\n", result.Output);
    }

    [Theory, OnContainerd]
    public async Task A_panic_of_Rust_shows_its_text(string version)
    {
        Guest.Needed(Guest.Rustbox);
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/rustbox.wasm", "panic");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("rust says no", result.Error, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_named_export_of_a_module_is_called(string version) =>
        await ExpectAsync(version, "foo was called\n", "/export.wat#foo");

    [Theory, OnContainerd]
    public async Task A_named_export_of_a_component_is_called(string version) => await ExpectAsync(version, "", "/thunk.wat#thunk");

    [Theory, OnContainerd]
    public async Task A_trap_in_a_named_export_of_a_component_ends_with_134(string version)
    {
        var node = await NodeAsync(version);

        Assert.Equal(134, (await node.Ctr.RunGuestAsync("/thunk.wat#thunk-trap")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task An_export_that_is_not_there_is_named_in_the_error(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/export.wat#bar");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("bar", result.Error, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_bare_name_is_looked_for_in_the_PATH_of_the_container(string version) =>
        await ExpectAsync(version, "hello from C\n", "--env", "PATH=/nowhere:/", "--", "toolbox.wasm");

    [Theory, OnContainerd]
    public async Task A_relative_name_is_looked_for_in_the_working_directory(string version) =>
        await ExpectAsync(version, "hello from C\n", "--cwd", "/data", "--", "../toolbox.wasm");

    [Theory, OnContainerd]
    public async Task A_module_that_is_not_there_is_named_in_the_error(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/missing.wasm");

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("/missing.wasm", result.Error, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_native_program_runs_as_under_the_runc_shim(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/bin/native-hello", "5");

        Assert.Equal("hello from native code\n", result.Output);
        Assert.Equal(5, result.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task No_terminal_is_seen_where_there_is_none(string version) =>
        await ExpectAsync(version, "no terminal\n", "/toolbox.wasm", "tty");

    [Theory, OnContainerd]
    public async Task A_megabyte_of_output_arrives_whole(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/toolbox.wasm", "spam", "1000000");

        Assert.Equal(1_000_000, result.Succeeded().Length);
    }

    /// <summary>ctr closes its end of the FIFOs as soon as it knows of the exit: with runc, such a reader loses the last 100 KB.</summary>
    [Theory, OnContainerd]
    public async Task A_slow_reader_of_the_output_gets_all_of_it(string version)
    {
        var node = await NodeAsync(version);
        const string Slowly = """
            "$@" | while n=$(dd bs=8192 count=1 2>/dev/null | wc -c); [ "$n" != 0 ]; do all=$((all + n)); sleep 0.005; echo $all; done | tail -n 1
            """;

        var result = await Command.RunAsync("/bin/sh", ["-c", Slowly, "sh", .. node.Ctr.GuestCommand("/toolbox.wasm", "spam", "500000")]);

        Assert.Equal("500000\n", result.Succeeded());
    }

    private async Task ExpectAsync(string version, string output, params string[] arguments)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync(arguments);

        Assert.Equal(output, result.Succeeded());
    }
}
