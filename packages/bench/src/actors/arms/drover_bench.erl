%% The workloads of the actors suite in Erlang/OTP: plain processes for tells, gen_server:call for questions, which has a
%% deadline and detects a dead server, as ours does. Prints one line of JSON, as actor-arm.ts describes it.
-module(drover_bench).
-behaviour(gen_server).
-export([main/1, init/1, handle_call/3, handle_cast/2]).

main([Workload, CountText, WidthText]) ->
    Count = list_to_integer(CountText),
    Width = list_to_integer(WidthText),
    case Workload of
        "idle-heap" -> idle_heap(Count);
        "million" -> million(Count);
        _ ->
            run(Workload, max(Width, Count * 3 div 10), Width),
            erlang:garbage_collect(),
            Start = now_cpu(),
            {Sent, Delivered} = run(Workload, Count, Width),
            report(Sent, Delivered, Start, now_cpu(), [])
    end,
    erlang:halt(0).

run("windowed-tell", Total, Window) -> windowed_tell(Total, Window);
run("ask", Count, _) -> ask(Count);
run("ping-pong", RoundTrips, _) -> ping_pong(RoundTrips);
run("ring", Hops, Actors) -> ring(Hops, Actors);
run("burst", Total, _) -> burst(Total);
run("fork-join", Total, Actors) -> fork_join(Total, Actors);
run("spawn-stop", Count, _) ->
    Members = populate(Count),
    Told = tell_all(Members),
    Count = stop_all(Members),
    Told.

%% One actor sends messages to another, which answers after every Window messages.
windowed_tell(Total, Window) ->
    Main = self(),
    Receiver = spawn(fun() -> windowed_receiver(undefined, 0, Window) end),
    spawn(fun() ->
        Receiver ! {sender, self()},
        windowed_sender(Receiver, 0, Total, Window, Main)
    end),
    receive {done, Sent, Delivered} -> exit(Receiver, kill), {Sent, Delivered} end.

windowed_sender(_Receiver, Sent, Total, _Window, Main) when Sent >= Total ->
    Main ! {done, Sent, Sent};
windowed_sender(Receiver, Sent, Total, Window, Main) ->
    send_window(Receiver, Sent, Sent + Window),
    receive {handled, Handled} when Handled =:= Sent + Window -> ok end,
    windowed_sender(Receiver, Sent + Window, Total, Window, Main).

send_window(_Receiver, Last, Last) -> ok;
send_window(Receiver, I, Last) ->
    Receiver ! {value, I},
    send_window(Receiver, I + 1, Last).

windowed_receiver(Sender, Delivered, Window) ->
    receive
        {value, _} when (Delivered + 1) rem Window =:= 0 ->
            Sender ! {handled, Delivered + 1},
            windowed_receiver(Sender, Delivered + 1, Window);
        {value, _} -> windowed_receiver(Sender, Delivered + 1, Window);
        {sender, Pid} -> windowed_receiver(Pid, Delivered, Window)
    end.

%% Questions one after the other, each with a deadline.
ask(Count) ->
    {ok, Server} = gen_server:start(?MODULE, [], []),
    Delivered = ask(Server, Count, 0),
    exit(Server, kill),
    {Count, Delivered}.

ask(_Server, 0, Delivered) -> Delivered;
ask(Server, Left, Delivered) ->
    case gen_server:call(Server, {value, Left}, 30000) of
        Left -> ask(Server, Left - 1, Delivered + 1);
        _ -> ask(Server, Left - 1, Delivered)
    end.

init([]) -> {ok, 0}.
handle_call({value, Value}, _From, State) -> {reply, Value, State}.
handle_cast(_, State) -> {noreply, State}.

ping_pong(RoundTrips) ->
    Main = self(),
    Pong = spawn(fun() -> pong(0) end),
    spawn(fun() ->
        Pong ! {ball, self()},
        ping(1, 0, RoundTrips, Main)
    end),
    receive {done, Pinged} ->
        Pong ! {count, self()},
        receive {count, Ponged} -> {2 * RoundTrips, Pinged + Ponged} end
    end.

ping(_Sent, Delivered, Delivered, Main) -> Main ! {done, Delivered};
ping(Sent, Delivered, RoundTrips, Main) ->
    receive
        {ball, From} when Delivered + 1 < RoundTrips ->
            From ! {ball, self()},
            ping(Sent + 1, Delivered + 1, RoundTrips, Main);
        {ball, _} -> ping(Sent, Delivered + 1, RoundTrips, Main)
    end.

pong(Delivered) ->
    receive
        {ball, From} ->
            From ! {ball, self()},
            pong(Delivered + 1);
        {count, Pid} -> Pid ! {count, Delivered}
    end.

ring(Hops, Actors) ->
    Main = self(),
    First = spawn(fun() -> receive {next, Next} -> ring_member(Next, Main, 0) end end),
    Members = ring_members(Actors - 1, First, Main, [First]),
    First ! {next, hd(Members)},
    First ! {token, Hops},
    receive done -> ok end,
    [Member ! {count, Main} || Member <- Members],
    Delivered = lists:sum([receive {count, N} -> N end || _ <- Members]),
    {Hops, Delivered}.

%% Each new member refers to the member before it, and the first to the last, which makes a ring.
ring_members(0, _Next, _Main, Members) -> Members;
ring_members(Left, Next, Main, Members) ->
    Member = spawn(fun() -> ring_member(Next, Main, 0) end),
    ring_members(Left - 1, Member, Main, [Member | Members]).

ring_member(Next, Main, Delivered) ->
    receive
        {token, 1} ->
            Main ! done,
            ring_member(Next, Main, Delivered + 1);
        {token, Left} ->
            Next ! {token, Left - 1},
            ring_member(Next, Main, Delivered + 1);
        {count, Pid} -> Pid ! {count, Delivered}
    end.

burst(Total) ->
    Main = self(),
    Receiver = spawn(fun() -> count_to(Total, 0, Main) end),
    send_window(Receiver, 0, Total),
    receive {handled, Delivered} -> {Total, Delivered} end.

count_to(Total, Total, Collector) -> Collector ! {handled, Total};
count_to(Total, Delivered, Collector) ->
    receive {value, _} -> count_to(Total, Delivered + 1, Collector) end.

fork_join(Total, Actors) ->
    Main = self(),
    Each = Total div Actors,
    Workers = [spawn(fun() -> count_to(Each, 0, Main) end) || _ <- lists:seq(1, Actors)],
    fork(Workers, Each),
    Delivered = lists:sum([receive {handled, N} -> N end || _ <- Workers]),
    {Each * Actors, Delivered}.

fork(_Workers, 0) -> ok;
fork(Workers, Left) ->
    [Worker ! {value, Left} || Worker <- Workers],
    fork(Workers, Left - 1).

populate(Count) ->
    Main = self(),
    [spawn(fun() -> member(Main) end) || _ <- lists:seq(1, Count)].

member(Main) ->
    receive
        {value, _} ->
            Main ! handled,
            member(Main);
        stop -> Main ! ended
    end.

tell_all(Members) ->
    [Member ! {value, 1} || Member <- Members],
    Count = length(Members),
    {Count, await(handled, Count, 0)}.

stop_all(Members) ->
    [Member ! stop || Member <- Members],
    await(ended, length(Members), 0).

await(_What, 0, Seen) -> Seen;
await(What, Left, Seen) -> receive What -> await(What, Left - 1, Seen + 1) end.

idle_heap(Count) ->
    Before = memory(),
    Start = now_cpu(),
    Members = populate(Count),
    Started = memory(),
    {Sent, Delivered} = tell_all(Members),
    Idle = memory(),
    report(Sent, Delivered, Start, now_cpu(), [
        {"startedBytes", (Started - Before) div Count},
        {"idleBytes", (Idle - Before) div Count}
    ]).

million(Count) ->
    Before = memory(),
    Resident = resident(),
    Start = now_cpu(),
    Members = populate(Count),
    {Spawned, _} = now_cpu(),
    {Sent, Delivered} = tell_all(Members),
    End = {Told, _} = now_cpu(),
    {Begin, _} = Start,
    report(Sent, Delivered, Start, End, [
        {"spawnedPerCpuSecond", Count * 1000000 div max(1, Spawned - Begin)},
        {"toldPerCpuSecond", Count * 1000000 div max(1, Told - Spawned)},
        {"heapBytes", (memory() - Before) div Count},
        {"residentBytes", (resident() - Resident) div Count}
    ]).

memory() ->
    erlang:garbage_collect(),
    erlang:memory(processes_used).

resident() ->
    {ok, Text} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = binary:split(Text, <<" ">>, [global]),
    binary_to_integer(Pages) * 4096.

%% CPU microseconds and wall clock microseconds. statistics(runtime) leaves out system time, which is most of the cost of a
%% million processes, so on Linux the CPU time of every thread is read from /proc.
now_cpu() ->
    Cpu = case file:list_dir("/proc/self/task") of
        {ok, Threads} -> lists:sum([thread_micros(Thread) || Thread <- Threads]);
        _ -> element(1, erlang:statistics(runtime)) * 1000
    end,
    {Cpu, erlang:monotonic_time(microsecond)}.

thread_micros(Thread) ->
    case file:read_file(["/proc/self/task/", Thread, "/schedstat"]) of
        {ok, Text} -> binary_to_integer(hd(binary:split(Text, <<" ">>))) div 1000;
        _ -> 0
    end.

report(Sent, Delivered, {Cpu0, Wall0}, {Cpu1, Wall1}, Figures) ->
    Shown = lists:join(",", [io_lib:format("\"~s\":~w", [Name, Value]) || {Name, Value} <- Figures]),
    io:format("{\"sent\":~w,\"delivered\":~w,\"cpuMicros\":~w,\"wallMicros\":~w,\"figures\":{~s}}~n",
              [Sent, Delivered, max(1, Cpu1 - Cpu0), Wall1 - Wall0, Shown]).
