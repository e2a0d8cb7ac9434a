using System.Text;
using Kache.Sandbox;
using Kache.Sandbox.Kernel;
using Xunit;

namespace Kache.Tests.Sandbox;

public sealed class ControlChannelTests : IDisposable
{
    private readonly ControlChannel _ours;
    private readonly ControlChannel _theirs;

    public ControlChannelTests()
    {
        var (ours, theirs) = Descriptors.SocketPair();
        (_ours, _theirs) = (new ControlChannel(ours), new ControlChannel(theirs));
    }

    [Fact]
    public void Messages_arrive_one_by_one_and_descriptors_with_them()
    {
        var (reading, writing) = Descriptors.Pipe();
        _theirs.Send(new ControlMessage.Ready([new GatewaySocket(GatewaySocketKind.Connections, 443, IsSix: true)]), [writing]);
        _theirs.Send(new ControlMessage.Ended(7));
        Descriptors.Close(writing);

        var passed = new List<int>();
        var ready = Assert.IsType<ControlMessage.Ready>(_ours.Receive(passed));
        Assert.Equal([new GatewaySocket(GatewaySocketKind.Connections, 443, true)], ready.Sockets);
        Assert.Equal(new ControlMessage.Ended(7), _ours.Receive([]));
        using (var file = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(Assert.Single(passed), true), FileAccess.Write)) file.Write("through"u8);
        var read = new byte[16];
        Assert.Equal("through", Encoding.ASCII.GetString(read, 0, Descriptors.Read(reading, read)));
        Descriptors.Close(reading);
    }

    [Fact]
    public void A_large_plan_arrives_whole()
    {
        var variables = new Dictionary<string, string?>(StringComparer.Ordinal) { ["LARGE"] = new('x', 2_000_000), ["GONE"] = null };
        var plan = new InsidePlan { User = 1000, Group = 1001, HasUserNamespace = true, Ca = "pem", Name = "kache-1", Mode = "record", Workshop = "/w", Variables = variables };
        var sending = new Thread(() => _ours.Send(new ControlMessage.Begin(plan)));
        sending.Start();
        var begin = Assert.IsType<ControlMessage.Begin>(_theirs.Receive([]));
        sending.Join();
        Assert.Equal(2_000_000, begin.Plan.Variables["LARGE"]!.Length);
        Assert.Null(begin.Plan.Variables["GONE"]);
        Assert.Equal((1000u, 1001u, true), (begin.Plan.User, begin.Plan.Group, begin.Plan.HasUserNamespace));
    }

    [Fact]
    public void The_end_of_one_is_the_end_for_the_other()
    {
        _ours.End();
        Assert.Null(_theirs.Receive([]));
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }
}
