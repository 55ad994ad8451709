using System.Buffers.Binary;
using System.Text;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>
/// Turns the lines of events into their bytes, in one buffer: a month may hold millions. What it reads is good
/// until the next line is.
/// </summary>
internal sealed class EventReader
{
    private const uint Absent = uint.MaxValue;
    private const int FirstCapacity = 4096;

    private static readonly string[] TextsBeforeActor = ["action", "outcome"];
    private static readonly string[] OptionalTexts = ["actor", "session", "address", "purpose", "endpoint", "request", "trace", "detail"];

    private readonly byte[] id = new byte[LineText.IdLength];
    private readonly byte[] writer = new byte[LineText.IdLength];
    private readonly byte[] tenant = new byte[LineText.IdLength];
    private readonly byte[] month = new byte[LineText.MonthLength];
    private readonly List<long> voids = [];
    private byte[] buffer = new byte[FirstCapacity];
    private int length;

    /// <summary>Null of one that is not sealed.</summary>
    public long? Leaf { get; private set; }

    public Guid Id => new(id, bigEndian: true);

    public Guid Writer => new(writer, bigEndian: true);

    public long Number { get; private set; }

    public IReadOnlyList<long> Void => voids;

    public int KeyVersion { get; private set; }

    /// <summary>What the MAC is of.</summary>
    public ReadOnlySpan<byte> Encoded => buffer.AsSpan(0, length - AuditEncoding.MacLength);

    public ReadOnlySpan<byte> Mac => buffer.AsSpan(length - AuditEncoding.MacLength, AuditEncoding.MacLength);

    public ReadOnlySpan<byte> LeafData => buffer.AsSpan(0, length);

    /// <summary>Whether it is of the log that the bundle is of.</summary>
    public bool IsOf(BundleLine bundle) => bundle.TenantBytes.SequenceEqual(tenant) && bundle.MonthBytes.SequenceEqual(month);

    /// <exception cref="LineException">It is no event.</exception>
    public void Read(ref JsonLine line)
    {
        length = 0;
        Leaf = line.NumberOrNull("leaf");
        "hipaa-audit/v1"u8.CopyTo(Field("hipaa-audit/v1"u8.Length));
        ReadId(ref line, "tenant", tenant);
        ReadId(ref line, "id", id);
        var at = line.Text("at");
        line.Require(LineText.TryReadMicroseconds(at, out var microseconds), "is no time in its one spelling");
        at[..LineText.MonthLength].CopyTo(month);
        BinaryPrimitives.WriteInt64BigEndian(Field(sizeof(long)), microseconds);
        ReadId(ref line, "writer", writer);
        Number = line.Number("number", JsonLine.LargestNumber);
        BinaryPrimitives.WriteInt64BigEndian(Field(sizeof(long)), Number);
        ReadVoid(ref line);
        foreach (var name in TextsBeforeActor)
        {
            WriteText(line.Text(name));
        }

        ReadOptional(ref line, "code");
        WriteText(line.Text("actor_type"));
        foreach (var name in OptionalTexts)
        {
            ReadOptional(ref line, name);
        }

        ReadPatients(ref line);
        ReadRecords(ref line);
        KeyVersion = (int)line.Number("key_version", int.MaxValue);
        BinaryPrimitives.WriteInt32BigEndian(Field(sizeof(int)), KeyVersion);
        line.Require(LineText.TryReadBase64(line.Text("mac"), Next(AuditEncoding.MacLength)), "is no MAC in base64");
        line.End();
    }

    private void ReadId(ref JsonLine line, string name, Span<byte> destination)
    {
        line.Require(LineText.TryReadId(line.Text(name), destination), "is no UUID in its one spelling");
        destination.CopyTo(Field(LineText.IdLength));
    }

    private void ReadVoid(ref JsonLine line)
    {
        voids.Clear();
        var list = BeginField();
        for (line.List("void"); line.NextElement();)
        {
            voids.Add(line.Number(JsonLine.LargestNumber));
            BinaryPrimitives.WriteInt64BigEndian(Next(sizeof(long)), voids[^1]);
        }

        EndField(list);
    }

    private void ReadPatients(ref JsonLine line)
    {
        var list = BeginField();
        for (line.List("patients"); line.NextElement();)
        {
            line.Id(Next(LineText.IdLength));
        }

        EndField(list);
    }

    private void ReadRecords(ref JsonLine line)
    {
        var list = BeginField();
        for (line.List("records"); line.NextElement();)
        {
            line.BeginList();
            line.NextElement();
            var access = line.Text();
            line.Require(access.Length == 1 && "CRUD"u8.Contains(access[0]), "holds what is no letter of an access");
            Next(1)[0] = access[0];
            line.NextElement();
            BinaryPrimitives.WriteInt32BigEndian(Next(sizeof(int)), (int)line.Number(int.MaxValue));
            line.NextElement();
            line.Id(Next(LineText.IdLength));
            line.Require(!line.NextElement(), "holds a record of more than three parts");
        }

        EndField(list);
    }

    private void ReadOptional(ref JsonLine line, string name)
    {
        if (line.TryText(name, out var text))
        {
            WriteText(text);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(Next(sizeof(uint)), Absent);
        }
    }

    private void WriteText(ReadOnlySpan<byte> text) => text.CopyTo(Field(text.Length));

    private Span<byte> Field(int size)
    {
        BinaryPrimitives.WriteUInt32BigEndian(Next(sizeof(uint)), (uint)size);
        return Next(size);
    }

    /// <summary>Of a length that is not known yet.</summary>
    private int BeginField()
    {
        Next(sizeof(uint));
        return length;
    }

    private void EndField(int start) =>
        BinaryPrimitives.WriteUInt32BigEndian(buffer.AsSpan(start - sizeof(uint)), (uint)(length - start));

    private Span<byte> Next(int size)
    {
        if (buffer.Length - length < size)
        {
            Array.Resize(ref buffer, Math.Max(2 * buffer.Length, length + size));
        }

        length += size;
        return buffer.AsSpan(length - size, size);
    }
}
